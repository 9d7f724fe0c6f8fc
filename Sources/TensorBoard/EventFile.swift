import Checkpoints
import Files
public import Foundation
import SwiftProtobuf

/// A file of events as TensorBoard shows them: curves, pictures and texts over steps.
///
/// It is only ever appended to. An event is in the file when the call that wrote it returns; a process killed in the
/// middle leaves a torn last record, which readers pass over. Not to be used by two threads at a time.
public final class EventFile {
  public let path: String
  private let descriptor: Int32
  /// Bytes of whole records.
  private var length: off_t = 0

  /// Creates a new file in `folder`, making that if needed, beside those of earlier runs: TensorBoard reads them all in
  /// the order of their names, and draws them as one run.
  ///
  /// - Parameter startStep: the first step this file will tell of. What earlier files tell of it and of later steps is
  ///   forgotten: a resumed run does again what the killed one did after its last save.
  /// - Throws: `FileError.system`.
  public init(folder: String, startStep: Int, wallTime: Date = .now) throws {
    let time = String(format: "%010d", Int(wallTime.timeIntervalSince1970))
    let name = "\(folder)/events.out.tfevents.\(time).\(Self.hostName).\(getpid())"
    try AtomicFile.reserve(name)
    var number = 0
    var created: Int32 = -1
    repeat {
      created = open("\(name).\(number)", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      number += 1
    } while created < 0 && errno == EEXIST
    (path, descriptor) = ("\(name).\(number - 1)", created)
    guard created >= 0 else { throw FileError.system(path: path, action: "create", code: errno) }
    try append(step: 0, wallTime) { $0.fileVersion = "brain.Event:2" }
    try append(step: startStep, wallTime) { $0.sessionLog.status = .start }
  }

  deinit { close(descriptor) }

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
    var record = bytes(UInt64(data.count))
    record += bytes(CRC32C.masked(record)) + data + bytes(CRC32C.masked(data))
    var written = 0
    while written < record.count {
      let count = record.withUnsafeBytes { write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else {
        let code = errno
        ftruncate(descriptor, length)  // readers would stop at half a record for good
        lseek(descriptor, length, SEEK_SET)
        throw FileError.system(path: path, action: "write", code: code)
      }
      written += count
    }
    length += off_t(record.count)
  }

  private func bytes(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian, Array.init) }

  private static var hostName: String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
