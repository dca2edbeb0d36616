/// The reason why a database could not be opened. `description` is one sentence for the person who starts the
/// program.
public struct SQLiteOpenError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The database's path, as given.
  public let path: FilePath
  /// The reason.
  public let reason: Reason

  /// The reasons why a database can't be opened; `description` says each in words.
  public enum Reason: Hashable, Sendable {
    case missingFolder
    case danglingLink
    case notAFile
    case notWritable
    case notADatabase
    case otherProgram
    case newerVersion(found: Int, known: Int)
    case olderVersion(found: Int, known: Int)
    case damaged
    case foreignOwner(FilePath)
    case exposed(FilePath, mode: String)
    case severalNames(FilePath)
    case mountedAlone
    case usedOtherwise
    case changed
    case strayLog(FilePath)
    case busy
    case failed(String)
  }

  /// An error for the database at `path`.
  public init(_ path: FilePath, _ reason: Reason) {
    self.path = path
    self.reason = reason
  }

  /// The fault and the remedy, in one sentence.
  public var description: String {
    switch reason {
    case .missingFolder:
      "the folder of the database \(path) does not exist: create it, or name another path"
    case .danglingLink:
      "the database \(path) is a symbolic link to a file that does not exist: make that file (it may be empty), "
        + "remove the link, or name another path"
    case .notAFile:
      "the database \(path) is not a file: name a file, which is created if it does not exist"
    case .notWritable:
      "the database \(path) or its folder can't be read and written: check their permissions"
    case .notADatabase:
      "the file \(path) is not a database: name another path"
    case .otherProgram:
      "the file \(path) is a database of another program: name another path"
    case .newerVersion(let found, let known):
      "the database \(path) has schema version \(found) and this program knows \(known): use a newer one"
    case .olderVersion(let found, let known):
      "the database \(path) has schema version \(found), from before the first release, and this program needs "
        + "\(known): name another path"
    case .damaged:
      "the database \(path) is damaged: restore it from a backup"
    case .foreignOwner(let file):
      "the file \(file) belongs to another user, who could change what it holds: name a file of your own, "
        + "or allow it with --allow-shared-file"
    case .exposed(let file, let mode):
      "other users may read or write the file \(file) (mode \(mode)): chmod 600 \(file.quoted), or allow it "
        + "with --allow-shared-file"
    case .severalNames(let file):
      "the file \(file) has several names (hard links), and what is written under one is not seen under "
        + "the others: copy it, or remove its other names"
    case .mountedAlone:
      "the file \(path) is mounted without its folder, and what is written here may not be seen under its other "
        + "name: mount the folder"
    case .usedOtherwise:
      "another process uses the database \(path) with other files beside it: under another name (a mount), "
        + "or because its -wal, -shm or -lock file was removed: use that name, or end that process"
    case .changed:
      "the files of the database \(path) were removed or replaced while they were opened: try again"
    case .strayLog(let file):
      "the file \(file) holds changes of a database that is not there: put the database \(path) back "
        + "beside it, or remove \(file)"
    case .busy:
      "other processes keep the database \(path) busy: try again, or end the one that hangs"
    case .failed(let text):
      "the database \(path) could not be opened: \(text)"
    }
  }
}
