import JSONRPC
import LibC
import Locks
import Moving

/// A file without a name, for this user alone, that is gone with its descriptor. Used by one thread at a time.
final class TemporaryFile: Spool {
  private let folder: String
  private let file: Descriptor
  // Bytes that were not handed over yet: a system call for each line would cost more than the line. Held for a step.
  private let waiting = Locked<[UInt8]>([])

  /// Makes the file in the folder for temporary files.
  init() throws(CommandError) {
    folder = Environment.value("TMPDIR") ?? "/tmp"
    var path = Array("\(folder)/tidings-XXXXXX".systemBytes.map { CChar(bitPattern: $0) }) + [0]
    let number = mkstemp(&path)
    guard number >= 0 else {
      throw CommandError(
        .cannotCreate, "a temporary file can't be made in \(folder): \(SystemError("mkstemp"))")
    }
    // This program starts no other that could inherit it before that.
    _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    unlink(path)
    file = Descriptor(number: number)
  }

  deinit { file.close() }

  func clear() throws {
    waiting.withLock { $0 = [] }
    guard ftruncate(file.number, 0) == 0 else { throw SystemError("ftruncate") }
    try rewind()
  }

  func append(_ bytes: [UInt8]) throws {
    let isFull = waiting.withLock { waiting in
      waiting += bytes
      return waiting.count >= 256 << 10
    }
    if isFull { try handOver() }
  }

  private func handOver() throws(CommandError) {
    let bytes = waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
    do {
      try file.write(bytes)
    } catch {
      throw CommandError(
        .cannotCreate,
        "a temporary file in \(folder) can't be written: \(error): TMPDIR names another folder for it")
    }
  }

  func rewind() throws {
    try handOver()
    guard lseek(file.number, 0, SEEK_SET) == 0 else { throw SystemError("lseek") }
  }

  func read() throws -> [UInt8] { try file.read(atMost: 256 << 10) }
}
