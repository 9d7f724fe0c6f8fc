import Testing

@testable import Charts

@Suite struct AxisTests {
  private func labels(_ values: [Double], _ scale: LineChart.Scale = .linear, _ count: Int = 6) -> [String] {
    Axis(spanning: values, scale: scale).ticks(count).map(\.label)
  }

  @Test func roundValues() {
    #expect(labels([0, 0.5, 1]) == ["0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    #expect(labels([1, 2, 3]) == ["1", "2", "3"])  // of epochs there are no halves
    #expect(labels([0, 10_120]) == ["0", "2000", "4000", "6000", "8000", "10000"])
    #expect(labels([0.913, 0.931]) == ["0.915", "0.920", "0.925", "0.930"])
    #expect(labels([-3, 4]) == ["-2", "0", "2", "4"])
    #expect(labels([0, 1e-5]) == ["0", "2e-06", "4e-06", "6e-06", "8e-06", "1e-05"])
    #expect(labels([0, 2.4e8]) == ["0", "5e+07", "1e+08", "1.5e+08", "2e+08"])
  }

  /// fastai's plots of lr_find write decades so (`%.0e`).
  @Test func decades() {
    #expect(
      labels([1e-7, 10], .logarithmic, 9) == [
        "1e-07", "1e-06", "1e-05", "1e-04", "1e-03", "1e-02", "1e-01", "1e+00", "1e+01",
      ])
    #expect(labels([1e-7, 10], .logarithmic, 4) == ["1e-06", "1e-04", "1e-02", "1e+00"])
    #expect(labels([1e-3, 9e-3], .logarithmic) == ["1e-03", "2e-03", "5e-03"])
    #expect(labels([3.1e-3, 3.9e-3], .logarithmic).count > 2)
  }

  @Test func places() throws {
    let axis = Axis(spanning: [1e-4, 1e-2], scale: .logarithmic)
    let (first, middle, last) = (axis.place(1e-4), axis.place(1e-3), axis.place(1e-2))
    #expect(abs(try #require(middle) - 0.5) < 1e-12)
    #expect(try #require(first) + #require(last) == 1)
    #expect(axis.place(0) == nil && axis.place(-1) == nil && axis.place(.nan) == nil)
    let ticks = Axis(spanning: [0, 7], scale: .linear).ticks(6)
    #expect(ticks.allSatisfy { (0...1).contains($0.place) })
  }
}
