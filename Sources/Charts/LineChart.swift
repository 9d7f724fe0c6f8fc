/// Lines over common axes, drawn as an SVG picture (``svg(width:height:)``) or in characters (``text(columns:rows:)``).
///
///     LineChart(
///       title: "loss", xLabel: "epoch", yLabel: "", lines: [.init("validation", points: [(0, 0.7), (1, 0.5)])])
///
/// Points that cannot be drawn (not finite; not positive on a logarithmic axis) leave a gap. Lines may be empty, and as
/// long as they like: what is drawn for ten thousand points looks like all of them.
public struct LineChart: Sendable {
  public enum Scale: Sendable {
    case linear
    /// Decades at equal distances.
    case logarithmic
  }

  public struct Line: Sendable {
    public enum Style: Sendable {
      case plain
      /// With a dot at each point: for few points, such as one an epoch.
      case dotted
    }

    public var name: String
    public var style: Style
    /// In the order in which they are joined.
    public var points: [(x: Double, y: Double)]

    public init(_ name: String, style: Style = .plain, points: [(x: Double, y: Double)]) {
      self.name = name
      self.style = style
      self.points = points
    }
  }

  /// A place worth a word.
  public struct Mark: Sendable {
    public var x: Double
    /// Nil marks the whole height: where something begins. Such a mark does not widen the axis, and is left out beyond
    /// its ends.
    public var y: Double?
    public var label: String

    public init(x: Double, y: Double? = nil, label: String) {
      self.x = x
      self.y = y
      self.label = label
    }
  }

  public var title: String
  public var xLabel: String
  public var yLabel: String
  public var xScale: Scale
  public var lines: [Line]
  public var marks: [Mark]

  public init(
    title: String, xLabel: String, yLabel: String, xScale: Scale = .linear, lines: [Line], marks: [Mark] = []
  ) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.xScale = xScale
    self.lines = lines
    self.marks = marks
  }
}

extension LineChart {
  /// Both axes, spanning all lines and the marks that are points.
  func axes() -> (x: Axis, y: Axis) {
    let points = lines.flatMap(\.points) + spots.map { ($0.x, $0.y) }
    let drawable = points.filter { Axis.canShow($0.x, on: xScale) && Axis.canShow($0.y, on: .linear) }
    return (Axis(spanning: drawable.map(\.x), scale: xScale), Axis(spanning: drawable.map(\.y), scale: .linear))
  }

  /// The marks that are points.
  var spots: [(x: Double, y: Double, label: String)] {
    marks.compactMap { mark in mark.y.map { (mark.x, $0, mark.label) } }
  }

  /// The marks that are verticals within the axis, from left to right: places in `0...1`.
  func verticals(on axis: Axis) -> [(x: Double, label: String)] {
    marks.filter { $0.y == nil }
      .compactMap { mark in axis.place(mark.x).map { ($0, mark.label) } }
      .filter { (0...1).contains($0.x) }
      .sorted { $0.x < $1.x }
  }
}
