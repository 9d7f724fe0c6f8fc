import Compute
import TestSupport
import Testing

/// A kernel set of this CPU with a precision: what every kernel is tested in.
struct Target: CustomTestStringConvertible, Sendable {
  let set: Int
  let precision: Precision

  static let all = Kernels.all.indices.flatMap { set in Precision.allCases.map { Target(set: set, precision: $0) } }

  func engine(_ threads: Int) -> Engine {
    Engine(kernels: Kernels.all[set], threads: Threads(threads), precision: precision)
  }
  /// How far a stored value may be from the exact one, relative to the largest.
  var tolerance: Double { precision == .fp32 ? 1e-5 : 0x1p-8 }
  /// What is normalized on the way into products is stored nowhere, and so not rounded where products of bf16 are of floats.
  func expectSame(_ fused: Tensor, _ stored: Tensor, _ what: String) {
    if precision == .bf16 && Kernels.all[set].products(.bf16) == "floats" {
      expectClose(fused.doubles, stored.doubles, relative: 2 * tolerance, what)  // rounded once less
    } else {
      #expect(fused.doubles == stored.doubles, "\(what)")
    }
  }

  var testDescription: String { "\(Kernels.all[set].name), \(precision)" }
}

extension Arena {
  /// Reproducible values in [-0.5, 0.5), of the precision exactly.
  func tensor(_ shape: Shape, values seed: Int, _ precision: Precision = .fp32) -> Tensor {
    let tensor = self.tensor(shape, precision)
    for i in 0..<shape.count {
      switch precision {
      case .fp32: tensor.data[i] = formula(seed, i)
      case .bf16: tensor.halves[i] = UInt16(rounded(formula(seed, i)).bitPattern >> 16)
      }
    }
    return tensor
  }

  /// Weights: floats, but such as the precision can hold.
  func weights(_ shape: Shape, values seed: Int, _ precision: Precision) -> Tensor {
    let tensor = self.tensor(shape)
    for i in 0..<shape.count { tensor.data[i] = precision == .fp32 ? formula(seed, i) : rounded(formula(seed, i)) }
    return tensor
  }
}

/// To the nearest bf16, ties to even.
func rounded(_ x: Float) -> Float {
  let bits = x.bitPattern
  return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
}

extension Tensor {
  fileprivate var halves: UnsafeMutablePointer<UInt16> { memory.assumingMemoryBound(to: UInt16.self) }

  /// The values, whatever they are stored in.
  var doubles: [Double] { (0..<shape.count).map { self[$0] } }
}
