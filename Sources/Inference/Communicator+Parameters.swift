public import Collectives
public import ResNet

extension Communicator {
  /// Gives every rank rank 0's weights and running statistics. Collective.
  public func broadcast(_ parameters: Parameters) throws(CommunicationError) {
    try unsafe broadcast(UnsafeMutableRawBufferPointer(parameters.values))
    try unsafe broadcast(UnsafeMutableRawBufferPointer(parameters.runningStatistics))
  }
}
