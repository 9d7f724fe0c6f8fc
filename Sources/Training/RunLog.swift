import Foundation

/// Reading a run's `log.jsonl`.
public enum RunLog {
  static let decoder = {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
  }()
}
