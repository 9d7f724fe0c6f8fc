import Foundation
import Testing

@testable import Checkpoints

/// The committed files of other programs; see `Golden/README.md`.
enum Golden {
  static func path(_ name: String) throws -> String {
    try #require(Bundle.module.url(forResource: "Golden/\(name)", withExtension: nil)).path
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  /// A tensor of 0.5·i − 3, which most tensors in the files are.
  static func ramp(_ shape: Int...) -> StoredTensor {
    StoredTensor(shape: shape, values: (0..<shape.reduce(1, *)).map { 0.5 * Float($0) - 3 })
  }
}

typealias Parser = @Sendable ([UInt8]) throws(FormatError) -> [String: StoredTensor]

let safeTensors: Parser = { (bytes) throws(FormatError) in try SafeTensors.parse(bytes).tensors }
let anyWeights: Parser = { (bytes) throws(FormatError) in try WeightsFile.parse(bytes).tensors }

/// What `parser` makes of `bytes`.
func parse(_ bytes: [UInt8], _ parser: Parser) throws(FormatError) -> [String: StoredTensor] { try parser(bytes) }

/// The error of parsing, as the user would read it behind the file's name; nil if there was none.
func complaint(_ bytes: [UInt8], _ parser: Parser) -> String? {
  do {
    _ = try parse(bytes, parser)
    return nil
  } catch { return error.at("file").description }
}

/// Writes stored tensors, in the order of their names.
func write(
  _ tensors: [String: StoredTensor], metadata: [String: String] = [:], to path: String
) throws(CheckpointError) {
  try SafeTensors.write(tensors.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, metadata: metadata, to: path)
}
