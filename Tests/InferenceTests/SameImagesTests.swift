import Collectives
import Foundation
import Inference
import PlanetData
import TestSupport
import Testing

/// Hosts whose images differ are told apart before anything is computed.
@Suite struct SameImagesTests {
  private let folder = TemporaryFolder()

  /// Seventy files of different sizes.
  private func makeImages(_ host: String) throws -> [Sample] {
    try FileManager.default.createDirectory(atPath: folder.path(host), withIntermediateDirectories: true)
    return try (0..<70).map { number in
      let path = folder.path("\(host)/\(number).jpg")
      try Data(repeating: UInt8(number), count: 100 + number).write(to: URL(fileURLWithPath: path))
      return Sample(name: String(number), path: path)
    }
  }

  /// What four ranks on two hosts find, if `change` was done to the second host's files.
  private func outcomes(ranks: Int = 4, perHost: Int = 2, _ change: ([Sample]) throws -> Void) throws
    -> [Result<Void, any Error>]
  {
    let hosts = [try makeImages("a"), try makeImages("b")]
    try change(hosts[1])
    // Returned, not thrown: who throws takes ranks that are not so far with it.
    return try onRanks(ranks, perHost: perHost) { communicator in
      Result { try communicator.verifySameImages(hosts[communicator.rank < perHost ? 0 : 1]) }
    }
  }

  @Test func equalFiles() throws {
    for outcome in try outcomes({ _ in }) { #expect(throws: Never.self) { try outcome.get() } }
    // Hosts of different numbers of ranks look in other parts.
    for outcome in try outcomes(ranks: 3, { _ in }) { #expect(throws: Never.self) { try outcome.get() } }
    // One host needs no comparison.
    for outcome in try outcomes(ranks: 2, { try FileManager.default.removeItem(atPath: $0[3].path) }) {
      #expect(throws: Never.self) { try outcome.get() }
    }
  }

  @Test(arguments: ["size", "bytes", "missing", "exchanged"]) func otherFiles(what: String) throws {
    let found = try outcomes { samples in
      let (first, other) = (URL(fileURLWithPath: samples[64].path), URL(fileURLWithPath: samples[5].path))
      switch what {
      case "size": try Data(count: 104).write(to: other)
      case "bytes": try Data(repeating: 1, count: 164).write(to: first)
      case "missing": try FileManager.default.removeItem(at: other)
      default:
        let data = try Data(contentsOf: other)
        try Data(contentsOf: URL(fileURLWithPath: samples[6].path)).write(to: other)
        try data.write(to: URL(fileURLWithPath: samples[6].path))
      }
    }
    for outcome in found {
      let error = #expect(throws: CommunicationError.self) { try outcome.get() }
      guard case .different("images", [2, 3], _) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
  }
}
