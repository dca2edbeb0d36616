#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Which files a store may use: its own user's alone, unless its caller allows others.
struct Trust: Sendable {
  /// Whether files that belong to other users, or that these may read or write, are used all the same.
  var allowsSharing: Bool
  /// Who runs this program.
  var user: UInt32 = geteuid()

  /// Why the database's file can't be used; nil if it can. Root may use any user's.
  func objection(toDatabase status: FileStatus, _ path: FilePath) -> SQLiteOpenError.Reason? {
    objection(to: status, path, owners: user == 0 ? [0, status.owner] : [user])
  }

  /// Why a file beside the database can't be used; nil if it can. SQLite makes such files the database's owner's
  /// when root runs it.
  func objection(
    to status: FileStatus, _ path: FilePath, beside databaseOwner: UInt32?
  ) -> SQLiteOpenError.Reason? {
    objection(to: status, path, owners: user == 0 ? [0, databaseOwner ?? 0] : [user])
  }

  private func objection(
    to status: FileStatus, _ path: FilePath, owners: [UInt32]
  ) -> SQLiteOpenError.Reason? {
    guard status.isFile else { return .notAFile }
    // SQLite's other files lie beside one name only: who came by another would not see what they hold.
    guard status.links == 1 else { return .severalNames(path) }
    guard !allowsSharing else { return nil }
    guard owners.contains(status.owner) else { return .foreignOwner(path) }
    guard status.mode & 0o066 == 0 else { return .exposed(path, mode: String(status.mode & 0o777, radix: 8)) }
    return nil
  }
}
