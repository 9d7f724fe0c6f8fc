/// Statistics of ImageNet's pixels in `0...1`, red, green, blue, which fastai's `imagenet_stats` normalizes with.
public enum ImageNet {
  public static let mean: [Float] = [0.485, 0.456, 0.406]
  public static let std: [Float] = [0.229, 0.224, 0.225]
}

/// Turns pictures of any size into the network's input of one size: resized, augmented, normalized (recipe §1).
public struct Renderer: Sendable {
  /// Side of the result in pixels.
  public let size: Int

  public init(size: Int) {
    precondition(size > 0, "size \(size)")
    self.size = size
  }

  /// Writes `(pixel - mean) / std`, `[size, size, 3]`.
  ///
  /// Of a picture that is not square the middle (or what the augmentation says) is kept, as by fastai's
  /// `ResizeMethod.CROP`. A picture of the right size that is not turned or zoomed keeps its very pixels.
  public func render(
    _ image: Image, _ augmentation: Augmentation, into output: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(output.count == size * size * 3, "room for \(output.count) values, not \(size) × \(size) × 3")
    guard let out = output.baseAddress else { return }
    let window = Window(image, augmentation, size: size)
    if let matrix = window.matrix {
      unsafe resample(image, by: matrix, window, into: out)
    } else {
      unsafe copy(image, window, into: out)
    }
    unsafe finish(out, Lighting(augmentation))
  }

  /// Renders another picture and mixes it into one that is there: `(1 - weight)·output + weight·picture`.
  func mix(
    _ image: Image, _ augmentation: Augmentation, weight: Float, into output: UnsafeMutableBufferPointer<Float>
  ) {
    unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: output.count) { other in
      unsafe render(image, augmentation, into: other)
      for i in output.indices { unsafe output[i] += weight * (other[i] - output[i]) }
    }
  }

  /// The picture at its own size: pixels in `0...255`, as they are.
  private func copy(_ image: Image, _ window: Window, into output: UnsafeMutablePointer<Float>) {
    unsafe image.pixels.withUnsafeBufferPointer { pixels in
      for i in 0..<size {
        let start = ((window.row + i) * image.width + window.column) * 3
        for j in 0..<size * 3 { unsafe output[i * size * 3 + j] = unsafe Float(pixels[start + j]) }
      }
    }
  }

  /// One bilinear sampling does all geometry at once; where that would skip more than every other pixel, areas are
  /// averaged first, as fastai does ("smoother downsampling"; at exactly one half it does not).
  private func resample(
    _ image: Image, by matrix: AffineMatrix, _ window: Window, into output: UnsafeMutablePointer<Float>
  ) {
    let shrink = min(Double(image.height) / Double(window.height), Double(image.width) / Double(window.width)) / 2
    if shrink > 1 && shrink > window.magnification(matrix) {
      let height = Int(Double(image.height) * (1 / shrink))
      let width = Int(Double(image.width) * (1 / shrink))
      unsafe image.areaMeans(width: width, height: height).withUnsafeBufferPointer { means in
        guard let start = means.baseAddress else { return }
        unsafe sample(PixelGrid(pixels: start, width: width, height: height), by: matrix, window, into: output)
      }
    } else {
      unsafe image.pixels.withUnsafeBufferPointer { pixels in
        guard let start = pixels.baseAddress else { return }
        unsafe sample(
          PixelGrid(pixels: start, width: image.width, height: image.height), by: matrix, window, into: output)
      }
    }
  }

  private func sample<Value: PixelValue>(
    _ grid: PixelGrid<Value>, by matrix: AffineMatrix, _ window: Window, into output: UnsafeMutablePointer<Float>
  ) {
    for i in 0..<size {
      let row = window.samplingRow(i, matrix, sourceWidth: grid.width, sourceHeight: grid.height)
      unsafe grid.sample(row, count: size, into: output + i * size * 3)
    }
  }

  /// Lights and normalizes, in place, pixels in `0...255`.
  private func finish(_ output: UnsafeMutablePointer<Float>, _ lighting: Lighting?) {
    let (r, g, b) = (Normalization(channel: 0), Normalization(channel: 1), Normalization(channel: 2))
    func normalize(_ unit: (Float) -> Float) {
      for p in stride(from: 0, to: size * size * 3, by: 3) {
        unsafe output[p] = unsafe r(unit(output[p]))
        unsafe output[p + 1] = unsafe g(unit(output[p + 1]))
        unsafe output[p + 2] = unsafe b(unit(output[p + 2]))
      }
    }
    if let lighting {
      LightingTable(lighting).withLookup { lit in normalize(lit) }
    } else {
      normalize { $0 * (1 / 255) }
    }
  }
}

/// `x ↦ (x - mean) / std` of one channel, as a multiplication and an addition.
private struct Normalization {
  let scale: Float
  let shift: Float

  init(channel: Int) {
    scale = 1 / ImageNet.std[channel]
    shift = -ImageNet.mean[channel] / ImageNet.std[channel]
  }

  @inline(__always)
  func callAsFunction(_ x: Float) -> Float { x * scale + shift }
}
