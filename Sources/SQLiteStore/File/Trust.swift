import LibC

/// The rule for which files a store may use: only those of its own user, unless its caller allows others.
struct Trust: Sendable {
  /// Whether files are used that belong to other users or that other users may read or write.
  var allowsSharing: Bool
  /// The user that runs this program.
  var user: UInt32 = geteuid()

  /// The reason why the database's file can't be used; nil if it can. Root may use any user's file.
  func objection(toDatabase status: FileStatus, _ path: FilePath) -> SQLiteOpenError.Reason? {
    objection(to: status, path, owners: user == 0 ? [0, status.owner] : [user])
  }

  /// The reason why a file beside the database can't be used; nil if it can. When root runs SQLite, SQLite
  /// gives such files to the database's owner.
  func objection(
    to status: FileStatus, _ path: FilePath, beside databaseOwner: UInt32?
  ) -> SQLiteOpenError.Reason? {
    objection(to: status, path, owners: user == 0 ? [0, databaseOwner ?? 0] : [user])
  }

  private func objection(
    to status: FileStatus, _ path: FilePath, owners: [UInt32]
  ) -> SQLiteOpenError.Reason? {
    guard status.isFile else { return .notAFile }
    // SQLite's other files lie beside one name only: a process that used another name would not see their
    // contents.
    guard status.links == 1 else { return .severalNames(path) }
    guard !allowsSharing else { return nil }
    guard owners.contains(status.owner) else { return .foreignOwner(path) }
    guard status.mode & 0o066 == 0 else { return .exposed(path, mode: String(status.mode & 0o777, radix: 8)) }
    return nil
  }
}
