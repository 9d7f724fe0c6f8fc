public import Collectives
public import PlanetData

extension Communicator {
  /// Throws ``CommunicationError/different(what:ranks:advice:)``, on every rank, unless all hosts have the same images: the
  /// sizes of all, and the bytes of some. Ranks of a host share the looking.
  public func verifySameImages(_ samples: @autoclosure () -> [Sample]) throws(CommunicationError) {
    guard hosts > 1 else { return }
    try verifySameOnHosts(
      samples().fileSum(part: placeHere, of: ranksHere), what: "images",
      advice: "Files of the same names have other sizes or bytes on these ranks' hosts: copy the data anew.")
  }
}
