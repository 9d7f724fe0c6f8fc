import Foundation
import Testing

@testable import Checkpoints

@Suite struct TorchFileTests {
  static let files = ["zip.pth", "legacy.pth", "zip-protocol4.pth", "legacy-protocol4.pth"]

  /// Of all those files.
  static let tensors = [
    "float": Golden.ramp(2, 3), "half": Golden.ramp(7), "bfloat": Golden.ramp(3, 1, 2), "double": Golden.ramp(5),
    "scalar": Golden.ramp(), "empty": Golden.ramp(0, 4), "transposed": Golden.ramp(2, 3),
    "channels_last": Golden.ramp(2, 3, 2, 2), "whole": Golden.ramp(12), "parameter": Golden.ramp(3),
    "part": StoredTensor(shape: [2, 3], values: [-1, -0.5, 0, 0.5, 1, 1.5]),
    "column": StoredTensor(shape: [4], values: [-2.5, -1, 0.5, 2]),
    "expanded": StoredTensor(shape: [3], values: [2.5, 2.5, 2.5]),
  ]

  @Test("both formats give every precision, stride and shared storage", arguments: files)
  func formats(name: String) throws {
    let file = try WeightsFile.read(Golden.path(name))
    #expect(file.tensors == Self.tensors)
    #expect(file.metadata.isEmpty)
  }

  @Test("a module's state_dict, bare or wrapped", arguments: ["network.pth", "fastai.pth", "wrapped.pth"])
  func network(name: String) throws {
    #expect(
      try WeightsFile.read(Golden.path(name)).tensors == [
        "0.weight": Golden.ramp(2, 1, 3, 3), "1.weight": Golden.ramp(2), "1.bias": Golden.ramp(2),
        "1.running_mean": Golden.ramp(2), "1.running_var": Golden.ramp(2),
      ])
  }

  @Test("a file cut anywhere is an error", arguments: files)
  func truncated(name: String) throws {
    let bytes = try Golden.bytes(name)
    for count in 0..<bytes.count { #expect(complaint(Array(bytes[..<count]), anyWeights) != nil, "\(count) bytes") }
  }

  @Test("a flipped bit in a zip is found by its checksums, or touches nothing that is used")
  func flippedBits() throws {
    var bytes = try Golden.bytes("zip.pth")
    for position in bytes.indices {
      let bit: UInt8 = 1 << (position % 8)
      bytes[position] ^= bit
      if let tensors = try? parse(bytes, anyWeights) { #expect(tensors == Self.tensors, "byte \(position)") }
      bytes[position] ^= bit
    }
  }

  @Test("the way PyTorch before 0.4 and Python 2 wrote: _rebuild_tensor, views of storages, OrderedDict from pairs")
  func oldStyle() throws {
    let pickle = Pickle()
    pickle.global("collections", "OrderedDict").raw("](](").string("a").global("torch._utils", "_rebuild_tensor").raw(
      "(")
    pickle.storage("94", count: 6, view: (start: 2, count: 3)).int(1).raw("(").int(2).raw("t(").int(1).raw("ttRe")
    pickle.raw("e\u{85}R}").string("_metadata").raw("Nsb.")
    let bytes = Pickle.legacy(object: pickle, keys: ["94"]) + Pickle.storage([0, 1, 2, 3, 4, 5])
    #expect(try parse(bytes, anyWeights) == ["a": StoredTensor(shape: [2], values: [3, 4])])
  }

  @Test(
    "what is no state_dict is refused in words",
    arguments: [
      ("N.", "it holds None, no state_dict"), ("}(K\u{1}K\u{2}u.", "it holds a dict, no state_dict"),
      ("}(U\u{5}epochK\u{3}u.", "it holds an int under 'epoch', where a state_dict"),
    ])
  func noStateDict(pickle: String, reason: String) throws {
    let text = try #require(complaint(Pickle.legacy(object: Pickle().raw(pickle), keys: []), anyWeights))
    #expect(text.contains(reason), "\(text)")
  }

  @Test("a storage can be shared only so often: no file has more numbers than bytes")
  func expansionBomb() throws {
    let pickle = Pickle()
    pickle.raw("}(").string("bomb").global("torch._utils", "_rebuild_tensor_v2").raw("(").storage("0", count: 1)
    pickle.int(0).raw("(").int(1 << 20).int(1 << 10).raw("t(").int(0).int(0).raw("tNNtRu.")
    let text = try #require(
      complaint(Pickle.legacy(object: pickle, keys: ["0"]) + Pickle.storage([1]), anyWeights))
    #expect(text.contains("more numbers than it has bytes"), "\(text)")
  }

  @Test(
    "offsets, shapes and strides that leave the storage are refused",
    arguments: [
      (5, [2], [1]), (0, [7], [1]), (0, [3], [3]), (-1, [1], [1]), (0, [-1], [1]), (0, [2], [-1]), (0, [2, 2], [1]),
      (7, [0], [1]), (0, [2, 2, 2], [4, 2, 1]), (0, [2], [Int(Int32.max)]), (Int(Int32.max), [1], [1]),
      (0, [Int](repeating: 1, count: 17), [Int](repeating: 1, count: 17)),
    ])
  func outside(offset: Int, shape: [Int], strides: [Int]) throws {
    let pickle = Pickle()
    pickle.raw("}(").string("x").global("torch._utils", "_rebuild_tensor").raw("(").storage("0", count: 6).int(offset)
    for numbers in [shape, strides] {
      pickle.raw("(")
      for number in numbers { pickle.int(number) }
      pickle.raw("t")
    }
    pickle.raw("tRu.")
    let bytes = Pickle.legacy(object: pickle, keys: ["0"]) + Pickle.storage([0, 1, 2, 3, 4, 5])
    #expect(complaint(bytes, anyWeights)?.contains("damaged") == true)
  }
}
