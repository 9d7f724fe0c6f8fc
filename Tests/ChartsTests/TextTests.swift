import Testing

@testable import Charts

@Suite struct TextTests {
  /// A rising line, a level one with dots, a vertical and a spot, as a reader sees them.
  @Test func picture() {
    let chart = LineChart(
      title: "a title", xLabel: "step", yLabel: "y",
      lines: [
        .init("rising", points: [(0, 0), (10, 10)]), .init("level", style: .dotted, points: [(0, 5), (5, 5), (10, 5)]),
      ], marks: [.init(x: 5, label: "half"), .init(x: 10, y: 0, label: "corner")])
    #expect(
      chart.text(columns: 44, rows: 14) == """
        a title
        ⠒⠒ rising   ● level   ◎ corner
                                half
        10 ┤                    ┊              ⣀⡠⠤⠂
           │                    ┊         ⣀⡠⠔⠒⠉
           │                    ┊    ⣀⠤⠔⠒⠉
           │                    ⣀⠤⠔⠊⠉
         5 ┤ ●             ⣀⡠⠔⠒⠉●                 ●
           │          ⣀⠤⠔⠒⠉     ┊
           │     ⣀⠤⠔⠊⠉          ┊
         0 ┤ ⠠⠒⠊⠉               ┊                 ◎
           └─┬──────────────────┬─────────────────┬─
             0                  5                10
                              step

        """)
  }

  @Test func captionsBreakAfterSemicolons() {
    #expect(
      PictureGrid.lines("agriculture;clear;primary;road", width: 140) == ["agriculture;clear;", "primary;road"])
    #expect(PictureGrid.lines("", width: 100) == [])
    #expect(PictureGrid.lines("selective_logging_everywhere", width: 10) == ["selective_logging_everywhere"])
  }

  @Test func pictureGrid() {
    let svg = PictureGrid(
      title: "<&>", columns: 2, pictures: (0..<3).map { .init(jpeg: [UInt8]("jpeg\($0)".utf8), caption: "a<b;c") }
    ).svg(side: 100)
    #expect(svg.contains("<title>&lt;&amp;&gt;</title>") && !svg.contains("a<b"))
    // Base 64 of "jpeg2", in the second row.
    #expect(svg.contains(#"<image x="14" y="171" width="100" height="100""#) && svg.contains("base64,anBlZzI="))
  }
}
