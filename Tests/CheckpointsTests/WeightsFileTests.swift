import Foundation
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct WeightsFileTests {
  @Test("the format is told by the contents, whatever the name says")
  func formats() throws {
    #expect(try WeightsFile.read(Golden.path("official.safetensors")).metadata == ["format": "pt"])
    #expect(try WeightsFile.read(Golden.path("zip.pth")).tensors == TorchFileTests.tensors)
    #expect(try WeightsFile.read(Golden.path("legacy.pth")).tensors == TorchFileTests.tensors)
  }

  @Test("a safetensors header may have the length that looks like the beginning of a pickle")
  func ambiguous() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/weights"
      for padding in 0..<1200 {
        try write(["x": Golden.ramp(2)], metadata: ["p": String(repeating: "p", count: padding)], to: path)
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        guard bytes[0] == 0x80, bytes[1] == 2 else { continue }
        return #expect(try WeightsFile.read(path).tensors.count == 1)
      }
      Issue.record("no padding gave a header of 640 bytes")
    }
  }

  @Test(
    "for anything else the message says what was found",
    arguments: [
      (
        "<!DOCTYPE html><html>404</html>",
        "file: it is a web page or XML, so the download went wrong. Give a safetensors"
      ),
      ("version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer; fetch the file itself with `git lfs pull`"),
      ("{\"a\": 1}", "JSON"), ("\u{1f}\u{8b}\u{8}", "gzip; unpack it first"), ("\u{89}HDF\r\n", "HDF5"),
      (String(repeating: "\0", count: 257) + "ustar\0", "a tar file"),
      ("hello", "neither safetensors nor of torch.save: it begins with bytes 68 65 6c 6c 6f (hexadecimal)"),
      ("\u{80}\u{2}N.", "a pickle, not one of torch.save: the magic number is missing"),
      ("PK\u{3}\u{4}", "it begins like a zip file and does not end like one"),
    ])
  func others(contents: String, reason: String) throws {
    let text = try #require(complaint(contents.unicodeScalars.map { UInt8($0.value) }, anyWeights))
    #expect(text.contains(reason), "\(text)")
  }

  @Test(
    "the pretrained body loads",
    .enabled(if: SharedFiles.has("weights/resnet50-eurosat.pth"), "needs ../shared/weights"))
  func pretrained() throws {
    let file = try WeightsFile.read(SharedFiles.path("weights/resnet50-eurosat.pth"))
    // ResNet-50 has 53 convolutions and as many batch norms of four tensors, and the classifier's two.
    #expect(file.tensors.count == 53 + 4 * 53 + 2)
    #expect(file.tensors["conv1.weight"]?.shape == [64, 3, 7, 7])
    #expect(file.tensors["layer4.2.conv3.weight"]?.shape == [2048, 512, 1, 1])
    #expect(file.tensors.values.allSatisfy { $0.values.allSatisfy(\.isFinite) })
  }
}
