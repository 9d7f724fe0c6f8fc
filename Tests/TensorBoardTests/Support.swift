import Files
import Foundation
import SwiftProtobuf
import Testing

@testable import TensorBoard

/// What read_events.py prints.
struct Seen: Decodable {
  struct Image: Decodable, Equatable {
    let step: Int
    let width: Int
    let height: Int
    let bytes: [UInt8]
  }

  /// Of each tag: step, value and time of every point.
  let scalars: [String: [[Double]]]
  let images: [String: [Image]]
  let texts: [String: [String]]
  let plugins: [String: String]
}

/// The events of a file of whole records, lengths and checksums verified.
func events(_ path: String) throws -> [Event] {
  let file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  func number<N: FixedWidthInteger>(_ type: N.Type, at position: Int) -> N {
    file.withUnsafeBytes { N(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: type)) }
  }
  var events: [Event] = []
  var position = 0
  while position < file.count {
    let count = Int(number(UInt64.self, at: position))
    #expect(number(UInt32.self, at: position + 8) == CRC32C.masked(file[position..<position + 8]))
    let data = [UInt8](file[position + 12..<position + 12 + count])
    #expect(number(UInt32.self, at: position + 12 + count) == CRC32C.masked(data))
    events.append(try Event(serializedBytes: data))
    position += 16 + count
  }
  return events
}
