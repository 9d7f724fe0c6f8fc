public import Checkpoints
import Files
import Foundation

/// `state.safetensors`, from which a resumed run continues: the arenas as they are in memory, and a ``SavedRun`` in the
/// metadata. Rank 0 alone reads and writes it.
public enum SavedState {
  /// The key of the metadata under which a ``SavedRun`` stands, as JSON.
  public static let key = "run"

  /// Reads and checks what the file says, without its tensors' values being used yet.
  ///
  /// - Throws: ``RunError/damagedState(path:reason:saved:)``; ``CheckpointError/file(_:)`` where the system refuses.
  public static func read(_ path: String) throws -> (run: SavedRun, file: TensorFile) {
    let file: TensorFile
    do throws(CheckpointError) {
      file = try SafeTensors.read(path)
    } catch .file(.system(let path, let action, let code)) {
      throw CheckpointError.file(.system(path: path, action: action, code: code))
    } catch {
      throw damaged(path, error.reason)
    }
    guard let text = file.metadata[key], let run = try? JSONDecoder().decode(SavedRun.self, from: Data(text.utf8))
    else { throw damaged(path, "its metadata do not describe an interrupted run") }
    guard file.metadata["format"] == ModelFile.format
    else { throw damaged(path, "it is of another version of planet-dist") }
    guard run.isPlausible else { throw damaged(path, "no run can have come to such numbers") }
    return (run, file)
  }

  /// The error that tells what is left when the state at `path` cannot be used.
  public static func damaged(_ path: String, _ reason: String) -> RunError {
    .damagedState(path: path, reason: reason, saved: RunFolder(FilePath.folder(of: path)).savedStages)
  }
}
