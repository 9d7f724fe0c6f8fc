import Foundation
import TestSupport
import Testing

@testable import Collectives

/// What a process may use, on machines made of files.
@Suite struct AllowanceTests {
  private let root = TemporaryFolder()

  private func write(_ text: String, to path: String) throws {
    let path = root.path(path)
    let folder = String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try (text + "\n").write(toFile: path, atomically: true, encoding: .utf8)
  }

  private func groups() -> ControlGroups { ControlGroups(root: String(root.path("").dropLast())) }

  private func sources(_ budgets: [Budget]) -> [String] {
    budgets.map { String($0.source.dropFirst(root.path("").count - 1)) }
  }

  /// A host of version 2: every group on the way to the process's own counts.
  @Test func wholePath() throws {
    try write("0::/user.slice/user 1.scope", to: "proc/self/cgroup")
    try write(
      "24 1 8:1 / / rw - ext4 /dev/root rw\n35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw",
      to: "proc/self/mountinfo")
    try write("max 100000", to: "sys/fs/cgroup/user.slice/user 1.scope/cpu.max")
    try write("150000 100000", to: "sys/fs/cgroup/user.slice/cpu.max")
    try write("1048576000", to: "sys/fs/cgroup/user.slice/user 1.scope/memory.max")
    try write("2147483648", to: "sys/fs/cgroup/user.slice/memory.max")
    #expect(groups().processors.map(\.amount) == [1.5])
    #expect(groups().memory.map(\.amount) == [2_147_483_648, 1_048_576_000])
    #expect(
      sources(groups().memory) == [
        "/sys/fs/cgroup/user.slice/memory.max", "/sys/fs/cgroup/user.slice/user 1.scope/memory.max",
      ])
  }

  /// Containers see their own group at the mount point: by a namespace, by a mount of it, or by neither's word.
  @Test(arguments: [("/", "/"), ("/docker/1f", "/docker/1f"), ("/docker/1f", "/"), ("/../..", "/"), ("/", "/../2e")])
  func containers(mounted: String, path: String) throws {
    try write("0::\(path)", to: "proc/self/cgroup")
    try write("35 24 0:30 \(mounted) /sys/fs/cgroup ro - cgroup2 cgroup rw,nsdelegate", to: "proc/self/mountinfo")
    try write("50000 100000", to: "sys/fs/cgroup/cpu.max")
    try write("max", to: "sys/fs/cgroup/memory.max")
    #expect(groups().processors.map(\.amount) == [0.5])
    #expect(groups().memory.isEmpty)
  }

  /// Version 1, each controller in a hierarchy of its own, beside an empty version 2; in a container, and on its host.
  @Test(arguments: ["/docker/1f", "/"]) func versionOne(mounted: String) throws {
    let seen = mounted == "/" ? "/docker/1f" : ""
    try write(
      "5:memory:/docker/1f\n4:cpu,cpuacct:/docker/1f\n1:name=systemd:/docker/1f\n0::/init", to: "proc/self/cgroup")
    try write(
      """
      32 31 0:29 \(mounted) /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
      35 31 0:32 \(mounted) /sys/fs/cgroup/memory rw master:17 - cgroup cgroup rw,memory
      41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
      """, to: "proc/self/mountinfo")
    try write("-1", to: "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us")
    try write("250000", to: "sys/fs/cgroup/cpu,cpuacct\(seen)/cpu.cfs_quota_us")
    try write("100000", to: "sys/fs/cgroup/cpu,cpuacct\(seen)/cpu.cfs_period_us")
    try write("1000000000", to: "sys/fs/cgroup/memory\(seen)/memory.limit_in_bytes")
    #expect(groups().processors.map(\.amount) == [2.5])
    #expect(sources(groups().memory) == ["/sys/fs/cgroup/memory\(seen)/memory.limit_in_bytes"])
  }

  /// Two hardware threads of a core are one core, if both may be used.
  @Test func hardwareThreads() throws {
    for (cpu, list) in ["0,4", "1-1,5", "2-3", "2-3", "0,4", "x", "-3"].enumerated() {
      try write(list, to: "sys/devices/system/cpu/cpu\(cpu)/topology/thread_siblings_list")
    }
    let cores = { Allowance.cores(of: $0, root: String(root.path("").dropLast())) }
    #expect(cores([0, 1, 2, 3, 4, 5]) == 3 && cores([0, 4]) == 1 && cores([4, 1]) == 2 && cores([]) == 0)
    #expect(cores([5, 6, 7]) == 3, "files that say nothing")
  }

  /// No control groups, and files that are none of the kernel's.
  @Test func nothingToSee() throws {
    #expect(groups().processors.isEmpty && groups().memory.isEmpty)
    try write("0::/\n::\n0\n", to: "proc/self/cgroup")
    try write("- cgroup2\n1 2 3 4 5 6 - cgroup2\n35 24 0:30 / /cgroup rw - cgroup2 c rw", to: "proc/self/mountinfo")
    for text in ["", "max", "x 100000", "1 0", "1 2 3", "-5 100000", "nan 1"] {
      try write(text, to: "cgroup/cpu.max")
      try write(text, to: "cgroup/memory.max")
      #expect(groups().processors.isEmpty, "\(text)")
    }
    #expect(groups().memory.isEmpty)
  }

  /// This process's own: at least a processor, and the machine's memory.
  @Test func real() {
    let allowance = Allowance()
    #expect(allowance.processors[0].amount >= 1 && allowance.memory[0].amount > 1e8)
    #expect(allowance.memory.allSatisfy { $0.amount > 0 })
  }
}

/// Ranks that share budgets.
@Suite struct BudgetTests {
  private func budget(_ owner: UInt64?, _ amount: Double) -> Budget {
    Budget(owner: owner, amount: amount, source: "\(amount)")
  }

  @Test(arguments: [
    (1, [16.0], 16), (4, [16], 4), (4, [2], 1), (1, [0.5], 1), (1, [1.5], 2), (2, [3.5], 2), (3, [4], 1),
    (1, [8, 2.5], 3), (2, [8, 2.5], 1),
  ])
  func threads(ranks: Int, amounts: [Double], threads: Int) throws {
    let budgets = amounts.enumerated().map { budget(UInt64($0), $1) }
    #expect(
      try ranksOnThreads(ranks) { try $0.threadCount(of: budgets).count } == Array(repeating: threads, count: ranks))
  }

  /// Two containers of one host: each rank has its own group, and both the host's processors.
  @Test func ownGroups() throws {
    let threads = try ranksOnThreads(2) { communicator in
      try communicator.threadCount(of: [budget(9, 8), budget(UInt64(communicator.rank), 3), budget(nil, 7)])
    }
    #expect(threads.map(\.count) == [3, 3] && threads.map(\.source) == ["3.0", "3.0"])
  }

  @Test func memory() throws {
    let found = try ranksOnThreads(2) { communicator in
      let own = communicator.rank == 0 ? budget(0, 4) : budget(1, 1.5)
      return try [1.0, 2, 3, 6].map { try communicator.overdrawn([budget(9, 10), own, own, budget(nil, 5)], by: $0) }
    }
    // A group seen twice is drawn on once; the tightest is named.
    #expect(found.map { $0.map { $0?.0.amount } } == [[nil, nil, nil, 4], [nil, 1.5, 1.5, 1.5]])
    #expect(found.map { $0.map { $0?.total } } == [[nil, nil, nil, 6], [nil, 2, 3, 6]])
  }
}

/// Variables of launchers.
@Suite struct LauncherTests {
  @Test(
    arguments: [
      ([:], 0, nil),
      (["SLURM_JOB_ID": "1", "SLURM_NTASKS": "4", "SLURM_PROCID": "0"], 0, nil),
      (["SLURM_NTASKS": "8", "SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "3"], 3, 4),
      (
        ["OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "1", "SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "3"], 0,
        1
      ),
      (["PMI_RANK": "2", "PMI_SIZE": "3"], 2, 3), (["PMI_RANK": "", "PMI_SIZE": "x"], 0, nil),
    ] as [([String: String], Int, Int?)])
  func variables(environment: [String: String], rank: Int, ranks: Int?) {
    let launcher = Launcher(environment)
    #expect(launcher.rank == rank && launcher.size?.ranks == ranks)
    #expect(launcher.isMpirun == (environment["OMPI_COMM_WORLD_SIZE"] != nil))
  }

  /// A process that no launcher started needs no MPI, in a Slurm allocation too.
  @Test func withoutLauncher() {
    for environment in [[:], ["SLURM_JOB_ID": "7", "SLURM_NTASKS": "4", "SLURM_PROCID": "0"], ["PMI_RANK": "x"]] {
      #expect(!Launcher(environment).isPresent)
    }
    for variable in ["OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"] {
      #expect(Launcher([variable: "1"]).isPresent)
    }
  }

  /// Hosts are named as the launcher names them, if there are several.
  @Test func hosts() {
    func hosts(_ regex: String, _ count: String) -> String? {
      Launcher(["OMPI_MCA_orte_node_regex": regex, "OMPI_MCA_orte_num_nodes": count]).hosts
    }
    #expect(hosts("node[1:1-2]@0(2)", "2") == "node[1-2]")
    #expect(hosts("gpu[2:01,07-12],login@0(8)", "8") == "gpu[01,07-12],login")
    #expect(hosts("vm@0(1)", "1") == nil)
    #expect(Launcher(["SLURM_STEP_NUM_NODES": "2", "SLURM_STEP_NODELIST": "n[3-4]"]).hosts == "n[3-4]")
    #expect(Launcher(["OMPI_MCA_orte_num_nodes": "2", "OMPI_COMM_WORLD_SIZE": "2"]).hosts == "2 hosts")
    let size = ["OMPI_COMM_WORLD_SIZE": "4"]
    #expect(Launcher(size.merging(["OMPI_COMM_WORLD_LOCAL_SIZE": "2"]) { $1 }).hosts == "several hosts")
    #expect(Launcher(size.merging(["OMPI_COMM_WORLD_LOCAL_SIZE": "4"]) { $1 }).hosts == nil)
    #expect(Launcher([:]).hosts == nil)
  }
}
