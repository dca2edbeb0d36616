/// Why a database could not be opened. `description` is one sentence for the person who starts the program.
public struct SQLiteOpenError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The database's path, as it was given.
  public let path: FilePath
  /// What is wrong.
  public let reason: Reason

  /// What can be wrong.
  public enum Reason: Hashable, Sendable {
    /// The folder that should hold it does not exist.
    case missingFolder
    /// The path is a symbolic link that leads nowhere.
    case danglingLink
    /// The path names something that is no file.
    case notAFile
    /// The file or its folder can't be read or written by this user.
    case notWritable
    /// The file is no SQLite database.
    case notADatabase
    /// The file is an SQLite database of another program.
    case otherProgram
    /// The file was written by a newer Tidings.
    case newerVersion(found: Int, known: Int)
    /// The file is of a version before the first that was released, and can't be brought up.
    case olderVersion(found: Int, known: Int)
    /// The file is damaged.
    case damaged
    /// Other processes kept it busy for too long.
    case busy
    /// What the system or SQLite said.
    case failed(String)
  }

  /// An error for the database at `path`.
  public init(_ path: FilePath, _ reason: Reason) {
    self.path = path
    self.reason = reason
  }

  /// What is wrong and what to do, in one sentence.
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
    case .busy:
      "other processes keep the database \(path) busy: try again, or end the one that hangs"
    case .failed(let text):
      "the database \(path) could not be opened: \(text)"
    }
  }
}
