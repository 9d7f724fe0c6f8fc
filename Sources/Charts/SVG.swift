import Foundation

/// The few elements our pictures are made of. Texts are given escaped; coordinates are in pixels.
enum SVG {
  static func opening(width: Double, height: Double, title: String) -> String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(number(width)) \(number(height))" width="\(number(width))" \
    height="\(number(height))" style="max-width:100%;height:auto" role="img" \
    font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif" font-size="13" fill="#222">
    <title>\(title)</title>
    <rect width="100%" height="100%" fill="#fff"/>
    """
  }

  static func group(at place: Place, _ content: String) -> String {
    #"<g transform="translate(\#(number(place.x)) \#(number(place.y)))">\#(content)</g>"#
  }

  static func text(_ text: String, _ place: Place, _ attributes: String = "") -> String {
    let space = attributes.isEmpty ? "" : " "
    return #"<text x="\#(number(place.x))" y="\#(number(place.y))"\#(space)\#(attributes)>\#(text)</text>"#
  }

  static func line(_ a: Place, _ b: Place, _ attributes: String) -> String {
    #"<line x1="\#(number(a.x))" y1="\#(number(a.y))" x2="\#(number(b.x))" y2="\#(number(b.y))" \#(attributes)/>"#
  }

  static func polyline(_ places: [Place], _ attributes: String) -> String {
    let points = places.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
    return #"<polyline points="\#(points)" fill="none" stroke-linejoin="round" \#(attributes)/>"#
  }

  static func circle(_ place: Place, radius: Double, _ color: String) -> String {
    ring(place, radius: radius, #"fill="\#(color)""#)
  }

  static func ring(_ place: Place, radius: Double, _ attributes: String) -> String {
    #"<circle cx="\#(number(place.x))" cy="\#(number(place.y))" r="\#(number(radius))" \#(attributes)/>"#
  }

  static func square(_ place: Place, side: Double, _ attributes: String) -> String {
    let corner = place - side / 2
    return #"<rect x="\#(number(corner.x))" y="\#(number(corner.y))" width="\#(number(side))" "#
      + #"height="\#(number(side))" \#(attributes)/>"#
  }

  /// To a tenth of a pixel.
  static func number(_ value: Double) -> String {
    let text = String(format: "%.1f", value)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// About how wide a text is: 0.56 of the font's size a character, a guess for sans-serif fonts.
  static func width(_ text: String, _ fontSize: Double) -> Double { Double(text.count) * fontSize * 0.56 }
}

extension String {
  /// As text or attribute of XML, and of HTML. Characters that XML has no way to write become U+FFFD.
  package var escapedForXML: String {
    var result = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\t", "\n": result.unicodeScalars.append(scalar)
      case "\0"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
