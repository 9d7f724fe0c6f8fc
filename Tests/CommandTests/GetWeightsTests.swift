import Foundation
import TestSupport
import Testing

/// `launch/get-weights` against a server that misbehaves.
@Suite(.enabled(if: FetchServer.isPossible, Comment(rawValue: FetchServer.needs)))
struct GetWeightsTests {
  private let server: FetchServer
  private let folder = TemporaryFolder()
  private let weights: Data
  private let name: String

  init() throws {
    server = try FetchServer()
    weights = Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0 * $0 / 7) })
    name = "resnet50-01319875.pth"
    try server.serve(weights, as: name)
  }

  private func get(_ arguments: String..., environment: [String: String] = [:]) throws -> ProgramRun {
    try ProgramRun(
      FetchServer.scripts + "/get-weights", arguments.isEmpty ? [name] : arguments,
      environment: ["PLANET_WEIGHTS_URL": server.address + "/models", "TORCH_HOME": folder.path("torch")]
        .merging(environment) { $1 })
  }

  private var cache: String { "torch/hub/checkpoints/" }

  private func fetched() -> Data? { FileManager.default.contents(atPath: folder.path(cache + name)) }

  @Test func fetchesOnce() throws {
    let run = try get()
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(fetched() == weights)
    #expect(server.requests() == ["\(name) - 200"])
    let again = try get()
    #expect(again.exitCode == 0 && again.output.isEmpty && again.errors.isEmpty)
    #expect(server.requests().isEmpty)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path(cache)) == [name])
  }

  /// An architecture stands for torchvision's file of it, which nothing else is taken for.
  @Test(arguments: [
    ("resnet50", "resnet50-19c8e357.pth"), ("resnet101", "resnet101-5d3b4d8f.pth"),
    ("resnet152", "resnet152-394f9c45.pth"),
  ]) func architectures(name: String, file: String) throws {
    try server.serve(weights, as: file)
    let run = try get(name)
    #expect(run.exitCode == 1)
    #expect(run.errors.contains("\(file): its SHA-256 does not begin with \(file.split { "-.".contains($0) }[1])"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path(cache)).isEmpty)
  }

  /// One that runs beside another waits, says so, and finds what that one brought.
  @Test func twoAtOnce() throws {
    try FileManager.default.createDirectory(atPath: folder.path(cache), withIntermediateDirectories: true)
    let hold = "touch '\(folder.path("held"))'; while [ ! -e '\(folder.path("go"))' ]; do sleep 0.1; done"
    let other = try ProgramRun(start: "/usr/bin/flock", ranks: nil, [folder.path(cache), "sh", "-c", hold])
    while !folder.has("held") { usleep(10_000) }
    let run = try ProgramRun(
      start: FetchServer.scripts + "/get-weights", ranks: nil, [name],
      environment: ["PLANET_WEIGHTS_URL": server.address + "/models", "TORCH_HOME": folder.path("torch")])
    while try run.outputSoFar().isEmpty { usleep(10_000) }
    try weights.write(to: URL(fileURLWithPath: folder.path(cache + name)))
    try Data().write(to: URL(fileURLWithPath: folder.path("go")))
    try run.wait()
    try other.wait()
    #expect(run.exitCode == 0 && run.errors.isEmpty, "\(run.errors)")
    #expect(run.output.hasSuffix("another get-weights is fetching into it; waiting for it to end\n"))
    #expect(server.requests().isEmpty)
  }

  @Test func torchsOtherFolders() throws {
    #expect(try get(environment: ["TORCH_HOME": "", "XDG_CACHE_HOME": folder.path("xdg")]).exitCode == 0)
    #expect(folder.has("xdg/torch/hub/checkpoints/" + name))
    let home = ["TORCH_HOME": "", "XDG_CACHE_HOME": "", "HOME": folder.path("home")]
    #expect(try get(environment: home).exitCode == 0)
    #expect(folder.has("home/.cache/torch/hub/checkpoints/" + name))
  }

  @Test(arguments: [
    ("cut cut", ["- 200", "bytes=50000- 206", "bytes=75000- 206"]),
    ("cut 500", ["- 200", "bytes=50000- 500", "bytes=50000- 206"]),
    ("cut norange", ["- 200", "bytes=50000- 200", "- 200"]),
  ])
  func interrupted(answers: String, requests: [String]) throws {
    try server.answer(name, with: answers)
    let run = try get()
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(server.requests() == requests.map { "\(name) \($0)" })
    #expect(fetched() == weights)
  }

  /// A server that always cuts, and cannot continue, is given up, though bytes come each time.
  @Test func neverWhole() throws {
    try server.answer(name, with: Array(repeating: "cut norange", count: 8).joined(separator: " "))
    let run = try get()
    #expect(run.exitCode == 1)
    #expect(run.errors.contains("Run this again later"), "\(run.errors)")
    #expect(server.requests().count < 12)
  }

  @Test func continuesAnEarlierRun() throws {
    try FileManager.default.createDirectory(atPath: folder.path(cache), withIntermediateDirectories: true)
    try weights.prefix(30_000).write(to: URL(fileURLWithPath: folder.path(cache + name + ".unchecked.part")))
    #expect(try get().exitCode == 0)
    #expect(server.requests() == ["\(name) bytes=30000- 206"])
    #expect(fetched() == weights)
  }

  @Test(arguments: [
    ("wrong", 1, "its SHA-256 does not begin with 01319875, so what came was removed. Run this again."),
    ("404", 1, "not found (404). Check FILE, and PLANET_WEIGHTS_URL if you set it."),
    ("403", 1, "The requested URL returned error: 403. Run this again later: it goes on where it stopped."),
    ("500 500 500 500", 4, "The requested URL returned error: 500. Run this again later: it goes on where it stopped."),
  ])
  func failures(answers: String, requests: Int, message: String) throws {
    try server.answer(name, with: answers)
    let run = try get()
    #expect(run.exitCode == 1)
    #expect(run.errors.hasSuffix("\(server.address)/models/\(name): \(message)\n"), "\(run.errors)")
    #expect(server.requests().count == requests)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path(cache)).isEmpty)
  }

  @Test func wrongFileThere() throws {
    try FileManager.default.createDirectory(atPath: folder.path(cache), withIntermediateDirectories: true)
    try "other".write(toFile: folder.path(cache + name), atomically: true, encoding: .utf8)
    let run = try get()
    #expect(run.exitCode == 1)
    #expect(run.errors.hasSuffix(": its SHA-256 does not begin with 01319875. Remove it and run this again.\n"))
    #expect(fetched() == Data("other".utf8))
  }

  @Test(arguments: ["weights.pth", "../resnet50-01319875.pth", "resnet50-.pth", "resnet18"])
  func wrongName(name: String) throws {
    let run = try get(name)
    #expect(run.exitCode == 1)
    #expect(
      run.errors == "launch/get-weights: give resnet50, resnet101, resnet152 or a name like resnet50-19c8e357.pth, "
        + "not '\(name)'.\n")
  }
}
