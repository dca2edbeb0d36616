/// The server's error codes, as in its error_codes.yml, grouped by their meaning here.
enum ServerCode {
  static let duplicateKey: Set<Int32> = [11000, 11001, 12582]

  /// Unauthorized.
  static let unauthorized: Set<Int32> = [13]

  /// AuthenticationFailed, MechanismUnavailable.
  static let authentication: Set<Int32> = [18, 334]

  /// CollectionUUIDMismatch.
  static let replacedCollection: Set<Int32> = [361]

  /// BadValue: among other causes, a hint at an index that does not exist.
  static let badValue: Int32 = 2

  /// CommandNotFound, CommandNotSupportedOnView, IllegalOperation, InvalidOptions for a read concern that the
  /// topology lacks, NotImplemented, and `$changeStream` outside a replica set.
  static let unsupported: Set<Int32> = [59, 115, 166, 238, 40573]

  /// MaxTimeMSExpired, and ExceededTimeLimit.
  static let timeLimit: Set<Int32> = [50, 262]

  /// NotWritablePrimary and similar codes, shutdown, step-down, network between servers: they tell of the
  /// set's state, not of the request. Also CursorNotFound, WriteConflict, LockTimeout, SnapshotUnavailable,
  /// SnapshotTooOld.
  static let transient: Set<Int32> = [
    6, 7, 24, 43, 46, 63, 89, 91, 112, 133, 150, 189, 234, 239, 246, 262, 9001, 10107, 11600, 11602, 13388,
    13435,
    13436,
  ]

  /// Codes after which a write may have been done, or may be done by an earlier attempt: InternalError,
  /// UnknownError, the network and state codes above, MaxTimeMSExpired, Interrupted, WriteConcernFailed, and
  /// the codes by which a server says that it can't tell what became of a retried write.
  static let unknownAfterWrite: Set<Int32> = [
    1, 6, 7, 8, 50, 64, 79, 89, 91, 100, 189, 217, 225, 228, 262, 9001, 10107, 11600, 11601, 11602, 13435,
    13436,
  ]
}
