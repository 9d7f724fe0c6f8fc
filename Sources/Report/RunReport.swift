import Charts
import Files
import Foundation
import Mustache
public import Runs

/// A run's report: one HTML file with everything in it, made from what the run keeps in its folder.
public enum RunReport {
  /// Writes `report.html` from the run's table, log, recipe and results.
  ///
  /// - Returns: where it is.
  /// - Throws: where the run has no table, or a file of it is damaged.
  @discardableResult public static func write(_ folder: RunFolder) throws -> String {
    try AtomicFile.write(try html(folder), to: folder.report)
    return folder.report
  }

  static func html(_ folder: RunFolder) throws -> String {
    let history = try HistoryRow.read(folder.history)
    let results = try folder.readResults()
    let page = Page(
      folder: folder, history: history, charts: RunCharts(log: try folder.readLog(), history: history),
      results: results)
    return try library().render(page, withTemplate: "report") ?? ""
  }

  /// The templates. All values are escaped by ``PageText``, which they name.
  private static func library() throws -> MustacheLibrary {
    MustacheContentTypes.register(PageText(), named: "PAGE")
    let text = { (bytes: [UInt8]) in String(decoding: bytes, as: UTF8.self) }
    var library = MustacheLibrary()
    try library.register(text(PackageResources.report_mustache), named: "report")
    try library.register(text(PackageResources.chip_mustache), named: "chip")
    return library
  }
}

/// Values as text of the page, escaped by Unicode scalars. The template engine's own escaping goes by `Character` and
/// passes over a quotation mark that an accent follows, which then ends an attribute.
private struct PageText: MustacheContentType {
  func escapeText(_ text: String) -> String { text.escapedForXML }
}
