import CSystem
import LibC

/// The file of a copy that is being made: it lies beside the place where the copy will be, under a name of its own, and
/// is readable by its owner only. The copy gets its name when it is whole, checked and on the disk. What is left of a
/// process that was killed is written over by the next one.
///
/// `@unchecked Sendable`: the descriptor is used by one call at a time, each of which waits for the one before.
final class PartialFile: @unchecked Sendable {
  /// The place of the copy.
  let target: DatabaseFile
  /// The path of the file while it is made.
  let path: FilePath
  /// Held open, so that no other process makes a copy here; nothing else in this process opens the file for locks that
  /// closing it would drop, once SQLite has closed it.
  private let descriptor: Int32

  /// Creates the file. Throws if there is something in the place of the copy, or if another process makes one there.
  init(for path: FilePath) throws(BackupError) {
    let target: DatabaseFile
    do {
      target = try DatabaseFile(path: path, Trust(allowsSharing: false))
    } catch {
      throw .place("\(error)")
    }
    guard !path.exists else { throw .exists(path) }
    // SQLite would take what is in them for changes of the copy.
    for beside in [target.canonicalPath + "-wal", target.canonicalPath + "-journal"] where beside.exists {
      throw .beside(beside)
    }
    self.target = target
    self.path = target.canonicalPath + ".partial"
    descriptor = self.path.withCString {
      open($0, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0o600)
    }
    guard descriptor >= 0 else { throw .system(self.path, errno) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw .underWay(path) }
    // One that was finished meanwhile has another name by now.
    guard FileStatus(self.path)?.identity == FileStatus(descriptor: descriptor)?.identity else {
      throw .underWay(path)
    }
    guard fchmod(descriptor, 0o600) == 0, ftruncate(descriptor, 0) == 0 else {
      throw .system(self.path, errno)
    }
    removeBeside()
  }

  deinit {
    // What was written is on the disk already, or is not wanted.
    _ = close(descriptor)
  }

  /// Gives the copy its name, once it is on the disk.
  func finish() throws(BackupError) {
    removeBeside()
    guard fsync(descriptor) == 0 else { throw .system(path, errno) }
    let status = path.withCString { from in
      target.canonicalPath.withCString { tidings_rename_new(from, $0) }
    }
    guard status == 0 else { throw errno == EEXIST ? .exists(target.path) : .system(target.path, errno) }
    do {
      try target.flushFolder()
    } catch {
      throw .place("\(error)")
    }
  }

  /// Removes the file with what lies beside it.
  func remove() {
    removeBeside()
    // If that fails, the next copy writes over it.
    _ = path.withCString { unlink($0) }
  }

  /// The size in bytes.
  var size: Int { FileStatus(descriptor: descriptor)?.size ?? 0 }

  /// Removes what SQLite and a store make beside a database: there is nothing in it that is not in the database.
  private func removeBeside() {
    for beside in [path + "-wal", path + "-shm", path + "-lock", path + "-journal"] {
      _ = beside.withCString { unlink($0) }
    }
  }
}

/// The reason why no copy was made.
public enum BackupError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Something has the name that the copy should get.
  case exists(FilePath)
  /// What was changed in another database of this name lies there.
  case beside(FilePath)
  /// Another process makes a copy there.
  case underWay(FilePath)
  /// The place can't be used; the text says why.
  case place(String)
  /// A system call failed.
  case system(FilePath, Int32)

  /// The reason, as a sentence.
  public var description: String {
    switch self {
    case .exists(let path): "there is something at \(path) already: a backup overwrites nothing"
    case .beside(let path):
      "\(path) belongs to a database that was there before, and would change the copy: remove it, or name another place"
    case .underWay(let path): "another process makes a backup at \(path)"
    case .place(let why): why
    // Its disk need not be that of the database.
    case .system(let path, ENOSPC): "the backup at \(path) can't be written: its disk is full"
    case .system(let path, let code):
      "the backup at \(path) can't be written: \(Shortage.text(code) ?? String(cString: strerror(code)))"
    }
  }
}
