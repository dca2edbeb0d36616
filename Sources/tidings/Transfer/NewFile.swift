import JSONRPC
import LibC
import SQLiteStore

/// A file that has its name only once it is whole: until then it lies beside it.
struct NewFile {
  private let path: FilePath
  private let partial: FilePath
  private let descriptor: Descriptor

  /// Makes the file, readable by this user alone.
  init(_ path: String) throws(CommandError) {
    self.path = FilePath(bytes: path.systemBytes)
    partial = FilePath(bytes: "\(path).part".systemBytes)
    let number = partial.withCString {
      open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    }
    guard number >= 0 else {
      throw CommandError(.cannotCreate, "\(path) can't be made: \(SystemError("open"))")
    }
    descriptor = Descriptor(number: number)
  }

  /// Adds bytes.
  func write(_ bytes: [UInt8]) throws(CommandError) {
    do {
      try descriptor.write(bytes)
    } catch {
      throw CommandError(.outputClosed, "\(path) can't be written: \(error)")
    }
  }

  /// Gives the file its name, once all of it is on the disk.
  func finish() throws(CommandError) {
    guard fsync(descriptor.number) == 0 else {
      throw CommandError(.outputClosed, "\(path) can't be written: \(SystemError("fsync"))")
    }
    descriptor.close()
    guard partial.withCString({ from in path.withCString { rename(from, $0) } }) == 0 else {
      throw CommandError(.cannotCreate, "\(path) can't be made: \(SystemError("rename"))")
    }
  }

  /// Removes what was written.
  func remove() { _ = partial.withCString { unlink($0) } }
}
