import Testing

@testable import Checkpoints

@Suite struct TensorDifferencesTests {
  private let file = TensorFile(
    path: "w.pth",
    tensors: ["a": Golden.ramp(2, 3), "b": Golden.ramp(4), "fc.weight": Golden.ramp(1), "fc.bias": Golden.ramp(1)])

  @Test("the expected tensors, with or without the ignored ones, are accepted")
  func accepted() throws {
    try file.check(against: [("a", [2, 3]), ("b", [4])], ignoring: ["fc.weight", "fc.bias", "fc.other"])
    try file.check(against: [("a", [2, 3]), ("b", [4]), ("fc.weight", [1]), ("fc.bias", [1])])
  }

  @Test("everything that differs is said at once")
  func differences() {
    let error = #expect(throws: CheckpointError.self) {
      try file.check(against: [("z", [1]), ("a", [3, 2]), ("c", [])], ignoring: ["fc.bias"])
    }
    #expect(
      error?.description == """
        w.pth: not the tensors of this network: 2 missing (z, c); 2 unexpected (b, fc.weight); \
        1 of another shape (a is [2, 3] instead of [3, 2]). Give weights of the same network.
        """)
  }

  @Test("an ignored tensor that is expected must still have its shape")
  func ignoredAndExpected() {
    #expect(throws: CheckpointError.self) {
      try file.check(against: [("a", [2, 3]), ("b", [5])], ignoring: ["b", "fc.weight", "fc.bias"])
    }
  }

  @Test("long lists are cut and counted")
  func longLists() {
    let empty = TensorFile(path: "w", tensors: [:])
    let error = #expect(throws: CheckpointError.self) {
      try empty.check(against: (0..<12).map { ("t\($0)", [1]) })
    }
    #expect(error?.description.contains("12 missing (t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, …). Give") == true)
  }

  @Test("weights saved from DataParallel are recognized")
  func dataParallel() {
    let file = TensorFile(path: "w", tensors: ["module.a": Golden.ramp(1)])
    let error = #expect(throws: CheckpointError.self) { try file.check(against: [("a", [1])]) }
    #expect(error?.description.contains("save model.module.state_dict()") == true)
  }
}
