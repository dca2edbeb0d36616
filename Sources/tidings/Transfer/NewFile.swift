import CSystem
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
    guard !self.path.exists else { throw Self.exists(path) }
    let number = partial.withCString {
      open($0, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    }
    guard number >= 0 else {
      throw CommandError(.cannotCreate, "\(path) can't be made: \(SystemError("open"))")
    }
    descriptor = Descriptor(number: number)
    // One that was finished meanwhile has another name by now.
    guard flock(number, LOCK_EX | LOCK_NB) == 0, hasName(number) else {
      throw CommandError(.cannotCreate, "\(path) can't be made: another process writes it")
    }
    guard fchmod(number, 0o600) == 0, ftruncate(number, 0) == 0 else {
      throw CommandError(.cannotCreate, "\(path) can't be made: \(SystemError("ftruncate"))")
    }
  }

  /// Whether the open file still has the partial name.
  private func hasName(_ number: Int32) -> Bool {
    var (open, named) = (stat(), stat())
    return fstat(number, &open) == 0 && partial.withCString { lstat($0, &named) } == 0
      && open.st_dev == named.st_dev && open.st_ino == named.st_ino
  }

  private static func exists(_ path: some CustomStringConvertible) -> CommandError {
    CommandError(.cannotCreate, "there is something at \(path) already: an export overwrites nothing")
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
    guard partial.withCString({ from in path.withCString { tidings_rename_new(from, $0) } }) == 0 else {
      if errno == EEXIST { throw Self.exists(path) }
      throw CommandError(.cannotCreate, "\(path) can't be made: \(SystemError("rename"))")
    }
    descriptor.close()
  }

  /// Removes what was written.
  func remove() { _ = partial.withCString { unlink($0) } }
}
