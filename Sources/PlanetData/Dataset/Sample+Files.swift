import Files

extension [Sample] {
  /// Of every so many images all bytes count, and of the others their number.
  private static let whole = 64

  /// A part of a number that, added up over all parts, is the same where these images' files are. A file that cannot be read
  /// counts for nothing.
  public func fileSum(part: Int, of parts: Int) -> UInt64 {
    stride(from: part, to: count, by: parts).reduce(0) { sum, index in
      var file = Fingerprint()
      file.add(index)
      do {
        if index % Self.whole == 0 {
          file.add(try Image.read(self[index].path))
        } else {
          file.add(try InputFile.size(self[index].path))
        }
      } catch {
        return sum
      }
      return sum &+ file.value
    }
  }
}
