import Foundation

extension Communicator {
  /// What `work` makes on rank 0, on every rank. Collective.
  ///
  /// - Throws: on every rank, if `work` fails.
  public func fromRoot<T: Codable>(_ work: () throws -> T) throws -> T {
    let json = try onRoot { Array(try JSONEncoder().encode(work())) } ?? []
    return try JSONDecoder().decode(T.self, from: Data(broadcast(json)))
  }
}
