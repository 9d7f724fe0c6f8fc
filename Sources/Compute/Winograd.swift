import CKernels

/// 3×3 convolutions of stride 1 with a quarter of the multiplications (Lavin & Gray, arXiv:1509.09308; see
/// Sources/CKernels/README.md). Products are of floats, rounded two to three times as coarsely as the direct kernels'.
///
/// `Sendable`, although its memory is not: a network runs one convolution at a time, whose threads use disjoint parts.
struct Winograd: @unchecked Sendable {
  let inputs: Int
  let outputs: Int
  let engine: Engine
  private let scratch: Scratch

  /// Nil where it does not apply or does not pay. That depends on the shape alone, never on batch or threads: an
  /// image's result must not depend on who computes it.
  ///
  /// - Parameter wanted: whether it is to be used where it applies; nil where it pays.
  init?(
    _ filter: pd_filter, image: (height: Int, width: Int), engine: Engine, scratch: Scratch, wanted: Bool? = nil
  ) {
    let isPlain = (filter.height, filter.width, filter.span, filter.stride) == (3, 3, 1, 1)
    let isPadded = (filter.pad_y, filter.pad_x) == (1, 1)
    let fits = [filter.inputs, filter.outputs].allSatisfy {
      $0 % Int32(PD_WINOGRAD_UNIT) == 0 && $0 <= PD_WINOGRAD_CHANNELS
    }
    // It must halve the multiplications, of which a pixel takes 9 directly and a tile 36: tiles hang over the edges.
    let tiles = (image.height + 3) / 4 * ((image.width + 3) / 4)
    let pays = 9 * image.height * image.width >= 2 * 36 * tiles
    let isFaster = engine.kernels.table(engine.precision).pointee.prefers_winograd == 1
    guard wanted ?? isFaster, isPlain, isPadded, fits, pays else { return nil }
    (inputs, outputs) = (Int(filter.inputs), Int(filter.outputs))
    self.engine = engine
    self.scratch = scratch
    let table = engine.kernels.table(.fp32)
    let sums = pd_winograd_panels(table, filter.inputs, filter.outputs)
    let branches = 9 * inputs * outputs <= GradientSplit.weightLimit ? scratch.parts : 1
    scratch.reserve(
      panels: max(branches * sums, pd_winograd_panels(table, filter.outputs, filter.inputs)),
      perThread: pd_winograd_scratch())
  }

  /// As ``Convolver/forward(_:normalizing:weights:panels:into:after:)``.
  func forward(_ x: Tensor, normalizing affine: Affine?, panels: UnsafeRawPointer, into y: Tensor, after: RowPass?) {
    let tiles = tiles(x.shape, inputs, outputs)
    engine.threads.split(forwardProduct(x.shape, sums: after?.sums ?? false)) { part, range, outputs in
      multiply(tiles, x, affine, panels, y, range, outputs, after, part)
    }
  }

  func forwardProduct(_ x: Shape, sums: Bool) -> Product {
    let tiles = tiles(x, inputs, outputs)
    return product(RowUnits(tiles, sums: sums), tiles)
  }

  /// As ``Convolver/inputGradient(dy:weights:panels:into:adding:before:after:)``, without `adding`.
  func inputGradient(dy: Tensor, panels: UnsafeRawPointer, into dx: Tensor, before: RowPass?, after: RowPass?) {
    let tiles = tiles(dy.shape, outputs, inputs)
    let (perImage, pixels) = (tiles.perImage, dy.shape.height * dy.shape.width)
    let product = backwardProduct(dy.shape)
    let before = engine.runAlone(before, on: dy, product)
    let images = imagesAtATime(perImage)
    engine.threads.split(product) { part, range, inputs in
      for first in stride(from: range.lowerBound / perImage, to: range.upperBound / perImage, by: images) {
        let last = min(first + images, range.upperBound / perImage)
        if let before { engine.run(before, on: dy, first * pixels..<last * pixels) }
        multiply(tiles, dy, nil, panels, dx, first * perImage..<last * perImage, inputs, after, part)
      }
    }
  }

  /// With fewer tiles at a time a thread would read the filter too often.
  func imagesAtATime(_ tilesPerImage: Int) -> Int { max(1, Int(PD_WINOGRAD_TILES) / tilesPerImage) }

  func backwardProduct(_ dy: Shape) -> Product {
    let tiles = tiles(dy, outputs, inputs)
    return product(RowUnits(images: dy.images, of: tiles.perImage), tiles)
  }

  private func product(_ units: RowUnits, _ tiles: pd_tiles) -> Product {
    let floats = engine.kernels.table(.fp32).pointee
    return Product(
      rows: units, rowsPerUnit: (tiles.count + units.count - 1) / max(1, units.count),
      panels: panels(Int(tiles.outputs)),
      width: Int(floats.panel), height: Int(floats.height))
  }

  /// As ``Convolver/weightGradient(x:normalizing:dy:dw:parts:)``, for a filter of `count` weights.
  func weightGradient(
    x: Tensor, normalizing affine: Affine?, dy: Tensor, dw: UnsafeMutablePointer<Float>, _ parts: BatchParts,
    _ count: Int
  ) {
    let sums = scratch.panels.assumingMemoryBound(to: Float.self)
    let width = Int(engine.kernels.table(.fp32).pointee.panel)
    let room = pd_winograd_panels(engine.kernels.table(.fp32), Int32(inputs), Int32(outputs)) / 4
    engine.splitGradient(
      inputs, unit: Int(PD_WINOGRAD_UNIT), by: panels(outputs), width: width, parts, count: count, into: dw, scratch
    ) { thread, branch, parts, inputs, panels, to, waiting in
      // Parts that fit into one of the kernel's blocks it adds up in the cache.
      let most = set.winograd_gradient_block(inputs.count, panels.count * width)
      let (groups, size) = parts.groups { tiles(x.images($0).shape, self.inputs, outputs).count <= most }
      groups.sum(into: to, count: count, waiting: waiting) { group, images, to, carry in
        let (x, dy) = (x.images(images), dy.images(images))
        let ends = parts.images[group * size..<(group + 1) * size].map { Int32($0.upperBound - images.lowerBound) }
        withUnsafePointer(to: tiles(x.shape, self.inputs, outputs)) { tiles in
          table.winograd_weight_gradient(
            tiles, ends, Int32(ends.count), x.memory, affine?.scale, affine?.shift, dy.memory, to, carry,
            Int32(inputs.lowerBound),
            Int32(inputs.upperBound), Int32(panels.lowerBound), Int32(panels.upperBound), sums + branch * room,
            work(thread))
        }
      }
    }
  }

  private var set: pd_set { engine.kernels.set.pointee }
  private var table: pd_kernels { engine.kernels.table(engine.precision).pointee }

  func panels(_ channels: Int) -> Int {
    let panel = Int(engine.kernels.table(.fp32).pointee.panel)
    return (channels + panel - 1) / panel
  }

  private func work(_ part: Int) -> UnsafeMutablePointer<Float> {
    scratch.thread(part).assumingMemoryBound(to: Float.self)
  }

  func tiles(_ shape: Shape, _ inputs: Int, _ outputs: Int) -> pd_tiles {
    pd_tiles(
      images: Int32(shape.images), height: Int32(shape.height), width: Int32(shape.width), inputs: Int32(inputs),
      outputs: Int32(outputs))
  }

  /// As ``Convolver/pack(_:for:into:team:)``.
  func pack(
    _ weights: UnsafePointer<Float>, for direction: Convolver.Direction, into panels: UnsafeMutableRawPointer,
    team: Threads.Team
  ) {
    let isBackward = direction == .backward
    let (depth, width) = isBackward ? (outputs, inputs) : (inputs, outputs)
    engine.threads.splitPanels(depth, by: self.panels(width), team) {
      set.winograd_pack(
        weights, isBackward ? 1 : 0, Int32(inputs), Int32(outputs), $0, panels.assumingMemoryBound(to: Float.self))
    }
  }

  private func multiply(
    _ tiles: pd_tiles, _ x: Tensor, _ affine: Affine?, _ panels: UnsafeRawPointer, _ y: Tensor, _ range: Range<Int>,
    _ outputs: Range<Int>, _ after: RowPass?, _ part: Int
  ) {
    withUnsafePointer(to: tiles) { tiles in
      withOptionalPointer(to: after?.pass) { after in
        table.winograd(
          tiles, x.memory, affine?.scale, affine?.shift, panels.assumingMemoryBound(to: Float.self), y.memory,
          range.lowerBound, range.upperBound, Int32(outputs.lowerBound), Int32(outputs.upperBound), after, work(part))
      }
    }
  }
}

extension pd_tiles {
  var perImage: Int { (Int(height) + 3) / 4 * ((Int(width) + 3) / 4) }
  var count: Int { Int(images) * perImage }
}

/// Calls `body` with a pointer to the value, or with nil where there is none.
func withOptionalPointer<T>(to value: T?, _ body: (UnsafePointer<T>?) -> Void) {
  guard let value else { return body(nil) }
  withUnsafePointer(to: value) { body($0) }
}
