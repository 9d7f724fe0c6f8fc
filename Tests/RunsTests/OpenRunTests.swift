import Files
import Foundation
import TestSupport
import Testing

@testable import Recipes
@testable import Runs
@testable import Scores

/// The run folder as a state machine.
@Suite struct OpenRunTests {
  private let temporary = TemporaryFolder()
  private var standard: String { temporary.path("runs/planet") }

  private func save(_ stage: String, in run: String) throws {
    try AtomicFile.write("", to: RunFolder(run).model(stage))
  }

  private func interrupt(_ run: String) throws { try AtomicFile.write("", to: RunFolder(run).state) }

  @Test func states() throws {
    let path = temporary.path("run")
    do {
      let run = try OpenRun(path)
      #expect(run.content == .empty)
      #expect(throws: FileError.self) { try OpenRun(path) }
      try run.admit(["a"], overwrite: false)
      try save("a", in: path)
      #expect(run.content == .finished)
      try run.admit(["b"], overwrite: false)
      try run.admit(["a", "b"], overwrite: true)
      #expect(throws: RunError.alreadyTrained(folder: path, stages: ["a"])) {
        try run.admit(["a", "b"], overwrite: false)
      }
      try interrupt(path)
      #expect(run.content == .interrupted)
    }
    #expect(try OpenRun(path).content == .interrupted)
  }

  /// What can be said of a damaged state names what is saved.
  @Test func damagedState() throws {
    let path = temporary.path("run")
    try save("a", in: path)
    try interrupt(path)
    let error = #expect(throws: RunError.self) { try OpenRun(path).admit(["b"], overwrite: true) }
    guard case .damagedState(_, _, saved: ["a"]) = error else {
      Issue.record("another error")
      return
    }
  }

  @Test func nextFree() throws {
    let begin = { try OpenRun.begin(named: nil, from: nil, standard: standard) }
    let first = try begin()
    #expect(first.folder.path == standard)
    let second = try begin()  // the first is held
    #expect(second.folder.path == standard + "-2")
    try save("a", in: standard + "-2")
    withExtendedLifetime((first, second)) {}
  }

  @Test func nextAfterFinished() throws {
    try save("a", in: standard)
    try save("a", in: standard + "-2")
    #expect(try OpenRun.begin(named: nil, from: nil, standard: standard).folder.path == standard + "-3")
    // An interrupted run is not passed over: its user may have forgotten --resume.
    try interrupt(standard + "-2")
    #expect(try OpenRun.begin(named: nil, from: nil, standard: standard).folder.path == standard + "-2")
  }

  @Test func newest() throws {
    let open = { try OpenRun.begin(named: nil, from: $0, standard: standard).folder.path }
    #expect(throws: RunError.noModel(name: "a", searched: [RunFolder(standard).model("a"), "a"])) { try open("a") }
    for (run, time) in [("", 100), ("-2", 300), ("-3", 200)] {
      try save("a", in: standard + run)
      try interrupt(standard + run)
      for file in [RunFolder(standard + run).state, RunFolder(standard + run).model("a")] {
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSince1970: Double(time))], ofItemAtPath: file)
      }
    }
    try save("b", in: standard + "-3")
    try save("a", in: standard + "-x")
    #expect(try open("a") == standard + "-2" && open("b") == standard + "-3")
    let resume = { try OpenRun.resume(named: $0, standard: standard) }
    let held = try resume(nil)
    #expect(held.folder.path == standard + "-2")
    #expect(try resume(nil).folder.path == standard + "-3")
    #expect(throws: FileError.self) { try resume(standard + "-2") }
    #expect(throws: FileError.self) { try open("a") }
    #expect(throws: RunError.nothingToResume(folder: standard + "-x")) { try resume(standard + "-x") }
    #expect(throws: RunError.nothingToResume(folder: temporary.path("typo"))) { try resume(temporary.path("typo")) }
    #expect(!temporary.has("typo"))
    withExtendedLifetime(held) {}
  }

  /// Links may lead to a run's folder, and within it, not out of it.
  @Test(arguments: ["models", "results", "tensorboard", "tensorboard/stage-1-rn50"])
  func links(part: String) throws {
    let path = temporary.path("run")
    for folder in ["run/tensorboard", "run/inside", "outside", "run-2"] {
      try FileManager.default.createDirectory(atPath: temporary.path(folder), withIntermediateDirectories: true)
    }
    let link = path + "/" + part
    rmdir(link)
    symlink(path + "/inside", link)
    _ = try OpenRun(path)
    symlink(path, temporary.path("link"))
    _ = try OpenRun(temporary.path("link"))
    for target in [temporary.path("outside"), "../../run-2", temporary.path("nowhere"), ".."] {
      unlink(link)
      symlink(target, link)
      #expect(throws: RunError.leadsOutside(path: link)) { try OpenRun(path) }
      #expect(throws: RunError.leadsOutside(path: link)) { try RunFolder.visit(path) }
    }
  }

  @Test func differences() {
    let old = Fixture.configuration()
    var new = old
    #expect(new.differences(from: old).isEmpty)
    new.stages[0].epochs = 8
    #expect(new.differences(from: old) == ["epochs of stage-1-rn50: 8, was 2"])
    new.stages[1].learningRates[2] = 0.5
    (new.keepBest, new.earlyStopping, new.batchNorm) = (true, .init(patience: 3), .local)
    #expect(
      new.differences(from: old) == [
        "batch_norm: local, was sync", "early_stopping: {patience: 3, min_delta: 0.0}, was none",
        "epochs of stage-1-rn50: 8, was 2", "keep_best: true, was false",
        "lr of stage-2-rn50: [1e-05, 3e-05, 0.5], was [1e-05, 3e-05, 0.0001]",
      ])
    new = old
    new.stages.removeLast()
    #expect(new.differences(from: old) == ["stages: stage-1-rn50, was stage-1-rn50 stage-2-rn50"])
  }
}
