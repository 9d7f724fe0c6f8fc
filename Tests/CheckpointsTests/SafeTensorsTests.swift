import Foundation
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct SafeTensorsTests {
  @Test("what is written is read, bit for bit")
  func roundTrip() throws {
    let odd: [Float] = [0, -0.0, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .pi]
    let tensors = [
      "layer1.0.conv1.weight": Golden.ramp(4, 3, 1, 1), "odd": StoredTensor(shape: [7], values: odd),
      "scalar": Golden.ramp(), "empty": Golden.ramp(0, 5), "ü \"\\\n\u{1}": Golden.ramp(1),
    ]
    let metadata = ["labels": "clear haze\tü☃😀\u{1f}\"\\/", "": "an empty key", "size": "128"]
    try withTemporaryFolder { folder in
      let path = folder + "/deep/er/stage-1.safetensors"
      try write(tensors, metadata: metadata, to: path)
      let file = try SafeTensors.read(path)
      #expect(file.path == path)
      #expect(file.metadata == metadata)
      #expect(file.tensors == tensors)
      #expect(file.tensors["odd"]?.values.map(\.bitPattern) == odd.map(\.bitPattern))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/deep/er") == ["stage-1.safetensors"])
    }
  }

  @Test("a NaN keeps its bits")
  func notANumber() throws {
    try withTemporaryFolder { folder in
      let strange = Float(bitPattern: 0x7fc1_2345)
      try write(["x": StoredTensor(shape: [1], values: [strange])], to: folder + "/x")
      #expect(try SafeTensors.read(folder + "/x").tensors["x"]?.values.map(\.bitPattern) == [strange.bitPattern])
    }
  }

  @Test("the bytes are those Python makes from the format's definition")
  func bytesByDefinition() throws {
    let tensors = [("b", Golden.ramp(2, 3)), ("a", Golden.ramp()), ("c", Golden.ramp(0))]
    let metadata = ["labels": "clear \"sky\"\\ \u{e9}\u{2603}", "size": "128"]
    try withTemporaryFolder { folder in
      let path = folder + "/ours.safetensors"
      try tensors[0].1.values.withUnsafeBufferPointer { b in
        try tensors[1].1.values.withUnsafeBufferPointer { a in
          let views: [TensorView] = [
            ("b", [2, 3], b), ("a", [], a), ("c", [0], UnsafeBufferPointer(rebasing: a[..<0])),
          ]
          try SafeTensors.write(views, metadata: metadata, to: path)
        }
      }
      let expected = try SafeTensors.read(Golden.path("ours.safetensors"))
      #expect(expected.metadata == metadata)
      #expect(expected.tensors == Dictionary(uniqueKeysWithValues: tensors))
      #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) == (try Golden.bytes("ours.safetensors")))
    }
  }

  @Test("files of the safetensors library are read, in every precision")
  func official() throws {
    let file = try SafeTensors.read(Golden.path("official.safetensors"))
    #expect(file.metadata == ["format": "pt"])
    #expect(
      file.tensors == [
        "float": Golden.ramp(2, 3), "half": Golden.ramp(7), "bfloat": Golden.ramp(3, 1, 2), "double": Golden.ramp(5),
        "scalar": Golden.ramp(), "empty": Golden.ramp(0, 4),
      ])
  }

  @Test("a file cut anywhere is an error", arguments: ["ours.safetensors", "official.safetensors"])
  func truncated(name: String) throws {
    let bytes = try Golden.bytes(name)
    for count in 0..<bytes.count {
      #expect(complaint(Array(bytes[..<count]), safeTensors) != nil, "\(count) bytes")
    }
    #expect(complaint(bytes + [0], safeTensors) != nil)
  }

  @Test("every single flipped bit is an error")
  func flippedBits() throws {
    var bytes = try Golden.bytes("ours.safetensors")
    for bit in 0..<8 * bytes.count {
      bytes[bit / 8] ^= 1 << (bit % 8)
      #expect(complaint(bytes, safeTensors) != nil, "bit \(bit % 8) of byte \(bit / 8)")
      bytes[bit / 8] ^= 1 << (bit % 8)
    }
    #expect(complaint(bytes, safeTensors) == nil)
  }

  @Test(
    "hostile and broken headers are refused in words",
    arguments: [
      (#"[]"#, "no '{' at byte 8"),
      (#"{"#, "no '\"' at byte 9"),
      (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#, "no '}'"),
      (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}}"#, "goes on behind its end"),
      (#"{"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, "no natural number"),
      (#"{"x":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#, "no ']'"),
      (#"{"x":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}"#, "no natural number"),
      (#"{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}"#, "more elements than can be"),
      (#"{"x":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,8]}}"#, "does not fill"),
      (#"{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, "does not fill bytes 0 to 8"),
      (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, "lacks its dtype, shape or data_offsets"),
      (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#, "lacks its dtype, shape or data_offsets"),
      (#"{"x":{"dtype":"F32","data_offsets":[0,8]}}"#, "lacks its dtype, shape or data_offsets"),
      (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, "begins at byte 4 of the data instead of 0"),
      (#"{"x":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#, "take 16 bytes, and 8 are there"),
      (#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "take 4 bytes, and 8 are there"),
      (
        #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
        "'y' begins at byte 4 of the data instead of 8"
      ),
      (
        #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
        "'x' comes twice"
      ),
      (#"{"x":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}"#, "'x' holds F8_E4M3 numbers"),
      (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":1}}"#, "unknown field 'more'"),
      (#"{"x":"y"}"#, "no '{'"),
      (#"{"__metadata__":{"checksum":"crc32:"},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "is none"),
      (
        #"{"__metadata__":{"checksum":"crc32:00000000"},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
        "instead of crc32:00000000"
      ),
      (#"{"__metadata__":{"a":1},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "no '\"'"),
      (#"{"\ud800":{}}"#, "broken escape"), (#"{"\ud800\u0041":{}}"#, "broken escape"),
      (#"{"\u00g0":{}}"#, "broken escape"),
      (#"{"\x":{}}"#, "broken escape"), ("{\"\u{1}\":{}}", "control character"),
      (String(repeating: "[", count: 100_000), "no '{'"),
      (String(repeating: #"{"x":"#, count: 100_000), "unknown field"),
    ])
  func hostile(header: String, reason: String) throws {
    let text = try #require(complaint(file(header: header, data: [UInt8](repeating: 0, count: 8)), safeTensors))
    #expect(text.contains(reason), "\(text)")
  }

  @Test("a header may come in any order, spacing and escaping, and need not have a checksum")
  func liberalHeader() throws {
    let header = """
      { "\\u0078\\ud83d\\ude00\\/" : {"data_offsets" : [ 4, 8 ], "shape":[ ], "dtype":"F32"},
        "n": {"dtype":"I32","shape":[1],"data_offsets":[0,4]}, "__metadata__": { } }
      """
    #expect(
      try parse(file(header: header, data: [9, 9, 9, 9, 0, 0, 128, 63]), safeTensors) == [
        "x😀/": StoredTensor(shape: [], values: [1])
      ])
  }

  @Test("a header's length is not believed", arguments: [0, 1, 92, 1 << 31, 1 << 62, .max, UInt64(1) << 63])
  func headerLength(length: UInt64) throws {
    var bytes = try Golden.bytes("official.safetensors")
    bytes.replaceSubrange(0..<8, with: withUnsafeBytes(of: length.littleEndian, Array.init))
    #expect(complaint(bytes, safeTensors) != nil)
  }

  private func file(header: String, data: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init) + Array(header.utf8) + data
  }

  @Test("text is not taken for a header of gigabytes")
  func text() throws {
    let text = try #require(complaint(Array("batch_size: 64\n".utf8), safeTensors))
    #expect(text.contains("damaged: it does not begin as a safetensors file"), "\(text)")
  }
}
