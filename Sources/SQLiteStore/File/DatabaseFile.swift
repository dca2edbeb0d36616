import LibC

/// The database's file, before SQLite opens it.
struct DatabaseFile {
  /// The path as it was given.
  let path: FilePath
  /// The path without symbolic links, so that all processes lock the same file.
  let canonicalPath: FilePath
  /// The rule for which files may be used.
  let trust: Trust
  /// The folder of the file.
  private let folder: FilePath

  /// Finds the file, or the place where it will be created. Opens nothing.
  init(path: FilePath, _ trust: Trust) throws(SQLiteOpenError) {
    self.path = path
    self.trust = trust
    guard !path.bytes.contains(0) else { throw SQLiteOpenError(path, .failed("its name holds a NUL")) }
    // Another process may create the file between the look for it and the one at its name: then it is found now.
    if let whole = Self.canonical(path) ?? (errno == ENOENT && path.exists ? Self.canonical(path) : nil) {
      canonicalPath = whole
      guard let status = FileStatus(whole) else { throw SQLiteOpenError(path, errno: errno) }
      guard status.isFile else { throw SQLiteOpenError(path, .notAFile) }
    } else {
      guard errno == ENOENT else { throw SQLiteOpenError(path, errno: errno) }
      // Another process may also have removed what it created: only a link is one without a file.
      guard FileStatus(path)?.isLink != true else { throw SQLiteOpenError(path, .danglingLink) }
      let (folder, name) = path.split
      guard let folder = Self.canonical(folder) else {
        throw errno == ENOENT ? SQLiteOpenError(path, .missingFolder) : SQLiteOpenError(path, errno: errno)
      }
      guard !name.isEmpty else { throw SQLiteOpenError(path, .notAFile) }
      canonicalPath = folder.appending(name)
    }
    folder = canonicalPath.split.folder
  }

  /// The file whose locks coordinate processes.
  var lockPath: FilePath { canonicalPath + "-lock" }
  /// SQLite's write-ahead log.
  var walPath: FilePath { canonicalPath + "-wal" }
  /// The index of the write-ahead log, which processes share.
  var shmPath: FilePath { canonicalPath + "-shm" }
  /// SQLite's journal of an unfinished change, from before there is a write-ahead log.
  var journalPath: FilePath { canonicalPath + "-journal" }

  /// Creates the file if it does not exist, readable by its owner only; SQLite's other files take over its
  /// mode. An existing file is not opened: closing it would drop the locks that SQLite holds on it elsewhere
  /// in this process. Returns whether the file was created.
  func create() throws(SQLiteOpenError) -> Bool {
    let descriptor = canonicalPath.withCString {
      open($0, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    }
    if descriptor >= 0 {
      _ = close(descriptor)
      try flushFolder()
    } else if errno != EEXIST {
      throw SQLiteOpenError(path, errno: errno)
    }
    try checkAccess()
    return descriptor >= 0
  }

  /// Throws if this user may not write the file, or those that SQLite makes beside it: SQLite would open the
  /// file for reading only. A file that does not exist passes.
  func checkAccess() throws(SQLiteOpenError) {
    guard folder.withCString({ access($0, R_OK | W_OK | X_OK) }) == 0 else {
      throw SQLiteOpenError(path, errno: errno)
    }
    guard canonicalPath.withCString({ access($0, R_OK | W_OK) }) == 0 || errno == ENOENT else {
      throw SQLiteOpenError(path, errno: errno)
    }
  }

  /// Throws if a file beside the database must not be used with it.
  func checkTrust() throws(SQLiteOpenError) {
    for beside in [walPath, shmPath, journalPath, lockPath] {
      if let status = FileStatus(beside) { try checkTrust(of: status, beside) }
    }
  }

  /// Throws if the file with this status must not be used with the database.
  func checkTrust(of status: FileStatus, _ beside: FilePath) throws(SQLiteOpenError) {
    guard let reason = trust.objection(to: status, beside, beside: FileStatus(canonicalPath)?.owner) else {
      return
    }
    throw SQLiteOpenError(reason == .notAFile ? beside : path, reason)
  }

  /// The number of bytes that are free on the disk; nil if the system doesn't say.
  var freeBytes: Int? {
    var status = statvfs()
    guard folder.withCString({ statvfs($0, &status) }) == 0 else { return nil }
    return Int(status.f_bavail) * Int(status.f_frsize)
  }

  /// Flushes the folder, so that the new file's name is durable.
  func flushFolder() throws(SQLiteOpenError) {
    let descriptor = folder.withCString { open($0, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw SQLiteOpenError(path, errno: errno) }
    defer { _ = close(descriptor) }
    // Some file systems can't flush a folder, and need not.
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw SQLiteOpenError(path, errno: errno) }
  }

  private static func canonical(_ path: FilePath) -> FilePath? {
    guard let resolved = path.withCString({ realpath($0, nil) }) else { return nil }
    defer { free(resolved) }
    return FilePath(terminated: resolved)
  }
}

extension FilePath {
  private static let slash = UInt8(ascii: "/")

  /// The folder, and the name in it.
  fileprivate var split: (folder: FilePath, name: ArraySlice<UInt8>) {
    guard let slash = bytes.lastIndex(of: Self.slash) else { return (FilePath("."), bytes[...]) }
    return (FilePath(bytes: Array(bytes[...max(slash - 1, 0)])), bytes[(slash + 1)...])
  }

  fileprivate func appending(_ name: ArraySlice<UInt8>) -> FilePath {
    FilePath(bytes: (bytes == [Self.slash] ? bytes : bytes + [Self.slash]) + name)
  }
}

extension SQLiteOpenError {
  /// The error for a system call that failed.
  init(_ path: FilePath, errno code: Int32) {
    switch code {
    case EACCES, EPERM, EROFS: self.init(path, .notWritable)
    case ENOENT, ENOTDIR: self.init(path, .missingFolder)
    case EISDIR: self.init(path, .notAFile)
    default: self.init(path, .failed(Shortage.text(code) ?? String(cString: strerror(code))))
    }
  }
}
