import Compute
import TestSupport
import Testing

@testable import ResNet

/// What follows from an architecture's widths and blocks.
@Suite struct ArchitectureTests {
  @Test func names() {
    #expect(Architecture.allCases.map(\.rawValue) == ["resnet50", "resnet101", "resnet152"])
    #expect(Architecture.allCases.allSatisfy { Architecture(rawValue: $0.rawValue) == $0 })
    #expect(Architecture(rawValue: "resnet18") == nil && Architecture(rawValue: "") == nil)
  }

  /// torchvision's parameters without the classifier `fc`, and fastai's split of them into layer groups.
  @Test(arguments: [
    (Architecture.resnet50, 23_508_032, 53), (.resnet101, 42_500_160, 104), (.resnet152, 58_143_808, 155),
  ]) func tensors(architecture: Architecture, parameters: Int, convolutions: Int) throws {
    let network = Parameters(labels: 17, architecture: architecture)
    let body = network.trainable.filter { $0.group < Architecture.headGroup }
    #expect(body.reduce(0) { $0 + $1.range.count } == parameters)
    #expect(body.count { $0.kind == .convolution } == convolutions)
    #expect(Set(network.all.map(\.name)).count == network.all.count)
    for parameter in body {
      let isLate = parameter.name.hasPrefix("layer3.") || parameter.name.hasPrefix("layer4.")
      #expect(parameter.group == (isLate ? 1 : 0), "\(parameter.name)")
    }
    #expect(
      network.trainable.filter { $0.group == Architecture.headGroup }.reduce(0) { $0 + $1.range.count } == 2_115_601)
    // The deepest bottleneck of the longest layer, and the one behind it.
    let last = architecture.layers[2].blocks - 1
    let shapes = Dictionary(uniqueKeysWithValues: network.all.map { ($0.name, $0.shape) })
    #expect(
      shapes["layer3.\(last).conv2.weight"] == [256, 256, 3, 3] && shapes["layer3.\(last + 1).conv1.weight"] == nil)
    #expect(shapes["layer4.0.downsample.0.weight"] == [2048, 1024, 1, 1])
    #expect(shapes["layer3.0.downsample.1.running_var"] == [1024] && shapes["head.4.weight"] == [512, 4096])
    let lastLayer = 4 * (512 * 17 + 17)
    #expect(architecture.weightBytes == 4 * network.all.reduce(0) { $0 + $1.range.count } - lastLayer)
  }

  /// What is counted is what the layers take, up to what does not grow with the images.
  @Test(arguments: Architecture.allCases, [(32, 7), (65, 3)]) func memory(architecture: Architecture, sizes: (Int, Int))
  {
    let (size, images) = sizes
    let parameters = Parameters(labels: 3, architecture: architecture)
    for precision in Precision.allCases {
      let engine = Engine(kernels: Kernels.all[0], threads: Threads(1), precision: precision)
      // The difference of two batches is free of what does not grow; each block is a few bytes longer than asked for.
      let taken = [images, 2 * images].map {
        Network(parameters, imageSize: size, batch: $0, engine: engine).plan.arena.bytes
      }
      let counted = architecture.activationBytes(
        imageSize: size, images: images, precision: precision, training: true)
      let logits = images * parameters.labels * 4
      #expect(taken[1] - taken[0] == counted + logits)
      // Evaluation takes as much, and uses the part of it that is counted.
      let evaluating = architecture.activationBytes(
        imageSize: size, images: images, precision: precision, training: false)
      #expect(evaluating < counted / 3)
    }
  }
}
