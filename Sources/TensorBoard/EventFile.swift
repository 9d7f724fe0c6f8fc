import Files
public import Foundation
import SwiftProtobuf

/// A file of events as TensorBoard shows them: curves, pictures and texts over steps.
///
/// It is only ever appended to. An event is in the file when the call that wrote it returns; a process killed in the
/// middle leaves a torn last record, which readers pass over. Not to be used by two threads at a time.
public final class EventFile {
  public var path: String { file.path }
  private let file: RecordFile

  /// Creates a new file in `folder`, making that if needed, beside those of earlier runs: TensorBoard reads them all in
  /// the order of their names, and draws them as one run.
  ///
  /// - Parameter startStep: the first step this file will tell of. What earlier files tell of it and of later steps is
  ///   forgotten: a resumed run does again what the killed one did after its last save.
  /// - Throws: `FileError.system`.
  public init(folder: String, startStep: Int, wallTime: Date = .now) throws {
    let time = String(format: "%010d", Int(wallTime.timeIntervalSince1970))
    file = try RecordFile(
      createFirstOf: "\(folder)/events.out.tfevents.\(time).\(Host.name ?? "localhost").\(getpid())")
    try append(step: 0, wallTime) { $0.fileVersion = "brain.Event:2" }
    try append(step: startStep, wallTime) { $0.sessionLog.status = .start }
  }

  /// Adds a point to the curve `tag`; tags with the same words before a slash stand together ("loss/train",
  /// "loss/valid").
  public func scalar(_ tag: String, _ value: Double, step: Int, wallTime: Date = .now) throws {
    try append(tag, step: step, wallTime) { $0.simpleValue = Float(value) }
  }

  /// Adds a picture of `width` by `height` pixels.
  public func image(
    _ tag: String, jpeg: [UInt8], width: Int, height: Int, step: Int, wallTime: Date = .now
  ) throws {
    try append(tag, step: step, wallTime) {
      $0.image.height = Int32(height)
      $0.image.width = Int32(width)
      $0.image.colorspace = 3  // RGB
      $0.image.encodedImageString = Data(jpeg)
    }
  }

  /// Adds a text, in Markdown.
  public func text(_ tag: String, _ markdown: String, step: Int, wallTime: Date = .now) throws {
    try append(tag, step: step, wallTime) {
      $0.metadata.pluginData.pluginName = "text"
      $0.tensor.dtype = .dtString
      $0.tensor.tensorShape.dim = [.with { $0.size = 1 }]
      $0.tensor.stringVal = [Data(markdown.utf8)]
    }
  }

  private func append(_ tag: String, step: Int, _ wallTime: Date, _ fill: (inout Summary.Value) -> Void) throws {
    var value = Summary.Value()
    value.tag = tag
    fill(&value)
    try append(step: step, wallTime) { $0.summary.value = [value] }
  }

  /// Appends a record (https://www.tensorflow.org/tutorials/load_data/tfrecord): length, its checksum, the event, its
  /// checksum.
  private func append(step: Int, _ wallTime: Date, _ fill: (inout Event) -> Void) throws {
    var event = Event()
    event.wallTime = wallTime.timeIntervalSince1970
    event.step = Int64(step)
    fill(&event)
    let data: [UInt8] = try event.serializedBytes()
    let head = bytes(UInt64(data.count))
    try file.append(head + bytes(CRC32C.masked(head)) + data + bytes(CRC32C.masked(data)))
  }

  private func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    unsafe withUnsafeBytes(of: value.littleEndian, Array.init)
  }
}
