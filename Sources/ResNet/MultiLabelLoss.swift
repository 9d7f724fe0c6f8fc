public import Compute
import Foundation

/// Binary cross-entropy on logits, the mean over all images and labels: `torch.nn.BCEWithLogitsLoss` (recipe §8).
public enum MultiLabelLoss {
  /// The sum over labels of max(z, 0) − z·y + ln(1 + e^−|z|), for one image or a batch.
  public static func sum(_ logits: UnsafeBufferPointer<Float>, targets: UnsafeBufferPointer<Float>) -> Double {
    var sum = 0.0
    for i in logits.indices {
      let (z, y) = unsafe (Double(logits[i]), Double(targets[i]))
      sum += max(z, 0) - z * y + log1p(exp(-abs(z)))
    }
    return sum
  }

  /// The gradient by the logits of the mean over `images` images (of all ranks): `(σ(z) − y) / (images · labels)`.
  ///
  /// - Parameter targets: `[N, labels]` zeros and ones, as many as the logits.
  public static func backward(
    _ logits: Tensor, targets: UnsafeBufferPointer<Float>, images: Int, into dLogits: Tensor
  ) {
    let scale = 1 / (Double(images) * Double(logits.shape.channels))
    for i in 0..<logits.shape.count {
      unsafe dLogits.data[i] = Float((1 / (1 + exp(-Double(logits.data[i]))) - Double(targets[i])) * scale)
    }
  }
}
