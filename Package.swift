// swift-tools-version: 6.3
import PackageDescription

// Kernels are optimized even for `swift test`: at -O0 they run 10 to 200 times slower and test nothing extra.
// Square roots need no errno, and without it they vectorize. NDEBUG leaves out the checks of arguments (`assert`).
let c: [CSetting] = [
  .unsafeFlags(["-O3", "-fno-math-errno"]), .treatAllWarnings(as: .error), .enableWarning("all"),
  .enableWarning("extra"), .define("NDEBUG", .when(configuration: .release)),
]

let swift: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
]

// Modules that loop over pixels, weights and bytes are optimized too: unoptimized they took most of the tests' time.
let optimized: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]
let looping = swift + optimized

// In these modules every expression whose memory safety Swift cannot check is marked with `unsafe`.
let strict: [SwiftSetting] = swift + [.strictMemorySafety()]

let package = Package(
  name: "planet-dist",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
  ],
  targets: [
    // The machine's libraries
    .systemLibrary(
      name: "CMPI", path: "Sources/System/CMPI", pkgConfig: "ompi-c",
      providers: [.apt(["libopenmpi-dev", "openmpi-bin"])]),
    .systemLibrary(
      name: "COpenBLAS", path: "Sources/System/COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]
    ),
    .systemLibrary(
      name: "CLibJPEG", path: "Sources/System/CLibJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
    .systemLibrary(
      name: "CZlib", path: "Sources/System/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    // C: loops compiled per instruction set; the ring and the calls of MPI and libjpeg that Swift cannot spell
    .target(name: "CKernels", exclude: ["README.md"], cSettings: c),
    .target(name: "CCollectives", dependencies: ["CMPI"], exclude: ["README.md"], cSettings: c),
    .target(name: "CJPEG", dependencies: ["CLibJPEG"], cSettings: c),

    // Swift, bottom up: each imports only what stands above it here, siblings never each other
    .target(name: "Files", dependencies: ["CZlib"], swiftSettings: strict + optimized),
    .target(name: "Compute", dependencies: ["CKernels", "COpenBLAS"], swiftSettings: looping),
    .target(name: "Collectives", dependencies: ["Files", "CCollectives"], swiftSettings: strict),
    .target(
      name: "PlanetData", dependencies: ["Files", "Compute", "CJPEG", "CZlib"], swiftSettings: strict + optimized),
    .target(name: "Checkpoints", dependencies: ["Files"], swiftSettings: strict + optimized),
    .target(name: "ResNet", dependencies: ["Compute"], exclude: ["README.md"], swiftSettings: strict + optimized),
    .target(name: "Charts", swiftSettings: strict),
    .target(
      name: "TensorBoard", dependencies: ["Files", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
      exclude: ["event.proto"], swiftSettings: strict),
    .target(
      name: "Recipes",
      dependencies: ["Files", "Compute", "PlanetData", "ResNet", .product(name: "Yams", package: "Yams")],
      swiftSettings: strict),
    .target(
      name: "Scores", dependencies: ["Files", "PlanetData", "Checkpoints", "ResNet", "Recipes"], swiftSettings: strict),
    .target(
      name: "Runs",
      dependencies: ["Files", "Compute", "PlanetData", "Checkpoints", "ResNet", "Recipes", "Scores"],
      swiftSettings: strict),
    .target(
      name: "Inference",
      dependencies: [
        "Files", "Compute", "Collectives", "PlanetData", "Checkpoints", "ResNet", "Recipes", "Scores", "Runs",
      ],
      swiftSettings: strict),
    .target(
      name: "Training",
      dependencies: [
        "Files", "Compute", "Collectives", "PlanetData", "Checkpoints", "ResNet", "Recipes", "Scores", "Runs",
        "Inference",
      ],
      swiftSettings: strict),
    .target(
      name: "Diagnostics",
      dependencies: ["Compute", "Collectives", "PlanetData", "ResNet", "Recipes", "Inference", "Training"],
      swiftSettings: strict),
    .target(
      name: "Export",
      dependencies: [
        "Files", "PlanetData", "Checkpoints", "ResNet", "Runs",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      exclude: ["ONNX/onnx.proto"], swiftSettings: strict),
    .target(
      name: "Report",
      dependencies: [
        "Files", "PlanetData", "Charts", "Recipes", "Scores", "Runs",
        .product(name: "Mustache", package: "swift-mustache"),
      ],
      resources: [.embedInCode("report.mustache"), .embedInCode("chip.mustache")], swiftSettings: strict),
    .executableTarget(
      name: "planet-dist",
      dependencies: [
        "Files", "Compute", "Collectives", "PlanetData", "Checkpoints", "ResNet", "Charts", "TensorBoard", "Recipes",
        "Scores", "Runs", "Inference", "Training", "Diagnostics", "Export", "Report",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    // Tests
    .target(
      name: "TestSupport",
      dependencies: [
        "Files", "Compute", "Collectives", "PlanetData", "ResNet", "Recipes", "Scores", "Runs", "Inference", "Training",
      ],
      path: "Tests/TestSupport", resources: [.copy("SavedBefore")], swiftSettings: looping),
    .testTarget(name: "FilesTests", dependencies: ["Files", "TestSupport"], swiftSettings: swift),
    .testTarget(name: "ComputeTests", dependencies: ["Compute", "TestSupport"], swiftSettings: swift),
    .executableTarget(
      name: "ring-check", dependencies: ["Collectives"], path: "Tests/RingCheck", swiftSettings: looping),
    .testTarget(
      name: "CollectivesTests", dependencies: ["Collectives", "ring-check", "TestSupport"], swiftSettings: swift),
    .testTarget(
      name: "PlanetDataTests", dependencies: ["PlanetData", "TestSupport"], resources: [.copy("Golden")],
      swiftSettings: swift),
    .testTarget(
      name: "CheckpointsTests", dependencies: ["Checkpoints", "TestSupport"], resources: [.copy("Golden")],
      swiftSettings: swift),
    .testTarget(
      name: "ResNetTests", dependencies: ["ResNet", "TestSupport"], exclude: ["Golden"], swiftSettings: swift),
    .testTarget(name: "ChartsTests", dependencies: ["Charts"], swiftSettings: swift),
    .testTarget(name: "RecipesTests", dependencies: ["Recipes", "Training", "TestSupport"], swiftSettings: swift),
    .testTarget(
      name: "ScoresTests", dependencies: ["Scores", "TestSupport"], exclude: ["Golden/scores.py"], swiftSettings: swift),
    .testTarget(name: "RunsTests", dependencies: ["Runs", "TestSupport"], swiftSettings: swift),
    .testTarget(name: "InferenceTests", dependencies: ["Inference", "Training", "TestSupport"], swiftSettings: swift),
    .testTarget(name: "TrainingTests", dependencies: ["Training", "TestSupport"], swiftSettings: swift),
    .testTarget(
      name: "TensorBoardTests",
      dependencies: [
        "TensorBoard", "Files", "TestSupport", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      exclude: ["read_events.py"],
      swiftSettings: swift),
    .testTarget(
      name: "ExportTests",
      dependencies: [
        "Export", "Runs", "Checkpoints", "ResNet", "TestSupport",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      swiftSettings: swift),
    .testTarget(
      name: "ReportTests", dependencies: ["Report", "Files", "PlanetData", "Charts", "Scores", "Runs", "TestSupport"],
      swiftSettings: swift),
    .testTarget(
      name: "CommandTests", dependencies: ["planet-dist", "Compute", "ResNet", "Runs", "TestSupport"],
      exclude: ["compare_export.py", "misbehaving_server.py"],
      swiftSettings: swift),
  ]
)

// A program of its own kind, which only `launch/fuzz` builds: libFuzzer has its `main`.
if Context.environment["PLANET_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "fuzz",
      dependencies: ["Files", "PlanetData", "Checkpoints", "Recipes", "Scores", "Runs", "Inference"],
      path: "Tests/Fuzz",
      exclude: ["Seeds"], swiftSettings: swift + [.unsafeFlags(["-parse-as-library"])]))
}

// Only `launch/docs`, which makes the pages of the API, needs the plugin that does it.
if Context.environment["PLANET_DOCS"] != nil {
  package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}
