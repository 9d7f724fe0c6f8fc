public import Collectives
import Compute
public import ResNet

extension Network {
  /// Lets the ranks of a host pack weights together from now on, if they share memory; otherwise each packs all. Collective.
  ///
  /// From now on, all ranks of a host run the same passes: see ``shareWeights(_:team:keeper:meet:)``.
  public func packTogether(among communicator: Communicator) throws {
    // The work is dealt to threads, of which each rank of a host must have as many.
    let all = try communicator.allGather(threads.count)
    let areAlike = Set(all[communicator.hostRanks]).count == 1
    guard try communicator.allGather(areAlike).allSatisfy({ $0 }), communicator.slices > 1 else { return }
    let floats = (panelBytes + 3) / 4
    guard let memory = try SharedMemory(floats: floats, arrays: 2, among: communicator) else { return }
    let buffers = unsafe (0..<2).compactMap { unsafe UnsafeMutableRawPointer(memory.floats($0).baseAddress) }
    unsafe shareWeights(
      buffers, team: Threads.Team(rank: communicator.placeHere, size: communicator.ranksHere), keeper: memory,
      meet: { try communicator.barrierHere() })
  }
}
