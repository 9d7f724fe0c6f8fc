// What `launch/fuzz` builds and runs: libFuzzer (https://llvm.org/docs/LibFuzzer.html) gives bytes, and the target that
// the environment names reads them as a command would read a file. It may refuse them; it may not crash, hang, take much
// memory, or touch memory that is not its own.

import Foundation

/// libFuzzer's entry: the next bytes to try.
@_cdecl("LLVMFuzzerTestOneInput")
public func tryOne(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  try? target(UnsafeRawBufferPointer(start: bytes, count: count))
  return 0
}

private let target: Target = {
  let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
  guard let target = targets[name] else {
    print("FUZZ_TARGET=\(name): no such target. There are \(targets.keys.sorted().joined(separator: ", "))")
    exit(64)
  }
  return target
}()

/// Writes the bytes to a file of this process and gives its path: most parsers begin at one.
func file(_ bytes: UnsafeRawBufferPointer) -> String {
  let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
  guard descriptor >= 0, write(descriptor, bytes.baseAddress, bytes.count) == bytes.count else {
    print("\(path): cannot write")
    exit(74)
  }
  close(descriptor)
  return path
}

private let path = (access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") + "/planet-dist-fuzz-\(getpid())"

// The package manager looks for the program's beginning under this name, and libFuzzer's own has another.
@_cdecl("fuzz_main")
public func start(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
  var (count, arguments) = (count, arguments)
  return runDriver(&count, &arguments, tryOne)
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ tryOne: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
