import Foundation

/// Pictures in rows and columns with a caption under each, as one SVG that carries them inside.
public struct PictureGrid: Sendable {
  public struct Picture: Sendable {
    /// A JPEG file's bytes.
    public var jpeg: [UInt8]
    /// Broken into lines after `;` and at spaces.
    public var caption: String

    public init(jpeg: [UInt8], caption: String) {
      self.jpeg = jpeg
      self.caption = caption
    }
  }

  public var title: String
  public var pictures: [Picture]
  public var columns: Int

  public init(title: String, columns: Int, pictures: [Picture]) {
    precondition(columns > 0, "\(columns) columns")
    self.title = title
    self.columns = columns
    self.pictures = pictures
  }

  private static let gap = 14.0
  private static let lineHeight = 17.0
  private static let fontSize = 13.0

  /// - Parameter side: of each picture in pixels, whatever its own size; pixels stay visible when enlarged.
  public func svg(side: Int = 256) -> String {
    let side = Double(side)
    var (elements, y): ([String], Double) = ([], 40)
    for row in stride(from: 0, to: pictures.count, by: columns) {
      let pictures = self.pictures[row..<min(row + columns, self.pictures.count)]
      let captions = pictures.map { Self.lines($0.caption, width: side) }
      for (column, (picture, lines)) in zip(pictures, captions).enumerated() {
        let place = Place(Self.gap + Double(column) * (side + Self.gap), y)
        elements.append(Self.image(picture.jpeg, place, side: side))
        for (number, line) in lines.enumerated() {
          elements.append(
            SVG.text(line.escapedForXML, place + Place(0, side + Self.lineHeight * Double(number + 1))))
        }
      }
      y += side + Self.lineHeight * Double(captions.map(\.count).max() ?? 0) + Self.gap
    }
    let (title, width) = (self.title.escapedForXML, Self.gap + Double(columns) * (side + Self.gap))
    return
      ([
        SVG.opening(width: width, height: y, title: title),
        SVG.text(title, Place(Self.gap, 25), #"font-size="16" font-weight="600""#),
      ] + elements + ["</svg>", ""]).joined(separator: "\n")
  }

  private static func image(_ jpeg: [UInt8], _ place: Place, side: Double) -> String {
    let side = SVG.number(side)
    return #"<image x="\#(SVG.number(place.x))" y="\#(SVG.number(place.y))" width="\#(side)" height="\#(side)" "#
      + #"style="image-rendering:pixelated" href="data:image/jpeg;base64,\#(Data(jpeg).base64EncodedString())"/>"#
  }

  static func lines(_ caption: String, width: Double) -> [String] {
    var lines: [String] = []
    let (space, semicolon) = (UInt8(ascii: " "), UInt8(ascii: ";"))
    for piece in caption.utf8.flatMap({ $0 == semicolon ? [$0, space] : [$0] }).split(separator: space) {
      let piece = String(decoding: piece, as: UTF8.self)
      let glue = lines.last?.utf8.last == semicolon ? "" : " "
      if let last = lines.last, SVG.width(last + glue + piece, fontSize) <= width {
        lines[lines.count - 1] = last + glue + piece
      } else {
        lines.append(piece)
      }
    }
    return lines
  }
}
