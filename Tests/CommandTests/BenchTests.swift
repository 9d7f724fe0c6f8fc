import Compute
import Foundation
import TestSupport
import Testing

/// The benchmarks' figures are plausible and come in the promised form; how fast they are is nobody's test.
@Suite struct BenchTests {
  private func json(_ arguments: [String], ranks: Int? = nil) throws -> [String: Any] {
    let run = try ProgramRun("planet-dist", ranks: ranks, ["bench"] + arguments + ["--json"])
    #expect(run.exitCode == 0, "\(run.errors)")
    return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
  }

  @Test(arguments: Precision.allCases) func step(precision: Precision) throws {
    let report = try json([
      "step", "--size", "32", "--batch-size", "4", "--steps", "1", "--precision", precision.rawValue,
    ])
    let fraction = try #require(report["fraction_of_peak"] as? Double)
    #expect(fraction > 0 && fraction.isFinite)
    let speed = try #require(report["images_per_second"] as? Double)
    let gflops = try #require(report["gflops"] as? Double)
    // 0.5 GFLOP an image of 32 × 32: a sixteenth of the 7.94 of 128 × 128 (recipe §4), the head aside.
    #expect(abs(gflops / speed - 0.51) < 0.02)
    let phases = try #require(report["milliseconds"] as? [String: Double])
    #expect(Set(phases.keys) == ["data", "forward", "loss", "backward", "averaging", "optimizer"])
    let apart = try #require(report["phases"] as? [[String: Any]])
    #expect(Set(apart.compactMap { $0["name"] as? String }) == Set(phases.keys))
    #expect(apart.allSatisfy { $0["waiting"] as? Double == 0 && $0["slowest_rank"] as? Int == 0 })
  }

  @Test func kernels() throws {
    let report = try json(["kernels", "--size", "32", "--batch-size", "2", "--repetitions", "1"])
    #expect((report["peak_gflops"] as? Double ?? 0) > 0)
    let kernels = try #require(report["kernels"] as? [[String: Any]])
    #expect(kernels.reduce(0) { $0 + ($1["count"] as? Int ?? 0) } == 53)
    for kernel in kernels {
      let speeds = ["forward", "input_gradient", "weight_gradient"].compactMap { kernel[$0] as? Double }
      #expect(speeds.count == (kernel["name"] as? String == "conv1" ? 2 : 3))
      // Not below the peak: that is measured, too, and other programs may slow either.
      #expect(speeds.allSatisfy { $0 > 0 && $0.isFinite })
    }
  }

  /// The plan of each convolution, as text and in JSON, computes nothing.
  @Test func plan() throws {
    let run = try ProgramRun("planet-dist", ["bench", "kernels", "--plan", "16", "--json"])
    let plans = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]])
    #expect(plans.reduce(0) { $0 + ($1["count"] as? Int ?? 0) } == 53)
    for plan in plans {
      let forward = try #require(plan["forward"] as? [String: Double])
      #expect((0.999...1.15).contains(forward["imbalance"] ?? 0) && forward["bytes"] ?? 0 > 0)
      #expect((plan["input_gradient"] == nil) == (plan["name"] as? String == "conv1"))
    }
    let text = try ProgramRun("planet-dist", ["bench", "kernels", "--plan", "3", "--batch-size", "5"])
    #expect(text.exitCode == 0 && text.output.hasPrefix("3 threads, 5 images a rank, "))
    for wrong in [["--plan", "0"], ["--plan", "1025"], ["--plan", "2", "--choose"]] {
      #expect(try ProgramRun("planet-dist", ["bench", "kernels"] + wrong).exitCode == 64)
    }
  }

  @Test(.enabled(if: ProgramRun.hasMPI, "needs mpirun (Debian: openmpi-bin)"), arguments: [1, 2])
  func allReduce(ranks: Int) throws {
    let report = try json(["all-reduce", "--repetitions", "1"], ranks: ranks)
    let sums = try #require(report["sums"] as? [[String: Any]])
    #expect(report["ranks"] as? Int == ranks)
    #expect(sums.map { $0["bytes"] as? Int } == [4096, 32768, 262_144, 2_097_152, 16_777_216, 102_400_000])
    #expect(Set(sums.map { $0["way"] as? String }) == (ranks == 1 ? ["ring"] : ["mailboxes", "own parts"]))
    for key in ["milliseconds", "ring_milliseconds", "mpi_milliseconds", "gigabytes_per_second"] {
      #expect(sums.allSatisfy { ($0[key] as? Double ?? -1) >= 0 })
    }
  }

  @Test(.enabled(if: ProgramRun.hasMPI, "needs mpirun (Debian: openmpi-bin)")) func ringForEverything() throws {
    let report = try json(["all-reduce", "--repetitions", "1", "--all-reduce", "ring"], ranks: 2)
    let sums = try #require(report["sums"] as? [[String: Any]])
    #expect(Set(sums.map { $0["way"] as? String }) == ["ring"])
  }

  /// Ranks wait for one another, and share memory.
  @Test(.enabled(if: ProgramRun.hasMPI, "needs mpirun (Debian: openmpi-bin)")) func stepOfSeveral() throws {
    let report = try json(["step", "--size", "32", "--batch-size", "4", "--steps", "1"], ranks: 4)
    let phases = try #require(report["phases"] as? [[String: Any]])
    #expect(phases.reduce(0) { $0 + ($1["waiting"] as? Double ?? 0) } > 0)
    #expect(
      phases.allSatisfy { $0["working"] as? Double ?? -1 >= 0 && (0..<4).contains($0["slowest_rank"] as? Int ?? -1) })
    let memory = try json(["memory", "--size", "32", "--batch-size", "4"], ranks: 4)
    let (host, rank) = (memory["host_gigabytes"] as? Double ?? 0, memory["peak_resident_gigabytes"] as? Double ?? 0)
    #expect(host > rank && host < 4 * rank)
  }

  @Test func memory() throws {
    let small = try json(["memory", "--size", "32", "--batch-size", "2"])
    let large = try json(["memory", "--size", "64", "--batch-size", "16"])
    let gigabytes = { (report: [String: Any]) in report["peak_resident_gigabytes"] as? Double ?? 0 }
    #expect(gigabytes(small) > 0.3)  // weights and two moments: 25.6 million floats each
    #expect(gigabytes(large) > gigabytes(small) + 0.05)
  }

  /// An OpenBLAS that has chosen kernels for some CPUs only is given those that all have; the user's choice is left alone.
  @Test(.enabled(if: Kernels.all.contains { $0.name == "AVX2" }, "needs a CPU with AVX2"))
  func commonOpenBLAS() throws {
    let folder = TemporaryFolder()
    let source = folder.path("core.c")
    try """
    #include <stdlib.h>
    char *openblas_get_corename(void) { char *c = getenv("OPENBLAS_CORETYPE"); return c && *c ? c : "SkylakeX"; }
    """.write(toFile: source, atomically: true, encoding: .utf8)
    let compiler = Process()
    compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    compiler.arguments = ["clang", "-shared", "-fPIC", "-o", folder.path("core.so"), source]
    try compiler.run()
    compiler.waitUntilExit()
    func banner(_ environment: [String: String]) throws -> String {
      let step = ["bench", "step", "--size", "32", "--batch-size", "2", "--steps", "1"]
      let preload = ["LD_PRELOAD": folder.path("core.so")]
      return try ProgramRun("planet-dist", step, environment: preload.merging(environment) { $1 }).output
    }
    #expect(try banner(["OPENBLAS_CORETYPE": ""]).contains("OpenBLAS Haswell"))
    #expect(try banner(["OPENBLAS_CORETYPE": "Nehalem"]).contains("OpenBLAS Nehalem"))
  }
}
