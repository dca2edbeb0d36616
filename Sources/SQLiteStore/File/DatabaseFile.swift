#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The database's file before SQLite opens it.
struct DatabaseFile {
  /// As it was given.
  let path: String
  /// Without symbolic links, so that all processes lock the same file.
  let canonicalPath: String

  /// Finds the file, or the place where it will be. Opens nothing.
  init(path: String) throws(SQLiteOpenError) {
    self.path = path
    if let whole = Self.canonical(path) {
      canonicalPath = whole
      var status = stat()
      guard stat(whole, &status) == 0 else { throw SQLiteOpenError(path, errno: errno) }
      guard status.st_mode & S_IFMT == S_IFREG else { throw SQLiteOpenError(path, .notAFile) }
    } else {
      guard errno == ENOENT else { throw SQLiteOpenError(path, errno: errno) }
      var status = stat()
      guard lstat(path, &status) != 0 || status.st_mode & S_IFMT != S_IFLNK else {
        throw SQLiteOpenError(path, .danglingLink)
      }
      let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
      let name = slash.map { String(path[path.utf8.index(after: $0)...]) } ?? path
      let folder = slash.map { String(path[...$0]) } ?? "."
      guard let folder = Self.canonical(folder) else {
        throw errno == ENOENT ? SQLiteOpenError(path, .missingFolder) : SQLiteOpenError(path, errno: errno)
      }
      guard !name.isEmpty else { throw SQLiteOpenError(path, .notAFile) }
      canonicalPath = folder == "/" ? "/" + name : folder + "/" + name
    }
  }

  /// The file whose locks keep processes apart.
  var lockPath: String { canonicalPath + "-lock" }
  /// SQLite's write-ahead log.
  var walPath: String { canonicalPath + "-wal" }

  /// Makes the file if it does not exist, readable by its owner only; SQLite's other files take over its
  /// mode. A file that exists is not opened: closing it would drop the locks that SQLite holds on it
  /// elsewhere in this process.
  func create() throws(SQLiteOpenError) {
    let descriptor = open(canonicalPath, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    if descriptor >= 0 {
      _ = close(descriptor)
      try flushFolder()
    } else if errno != EEXIST {
      throw SQLiteOpenError(path, errno: errno)
    }
    try checkAccess()
  }

  /// Throws if this user may not write the file, or what SQLite makes beside it: SQLite would open the file
  /// for reading only. A file that does not exist passes.
  func checkAccess() throws(SQLiteOpenError) {
    guard access(folder, R_OK | W_OK | X_OK) == 0 else { throw SQLiteOpenError(path, errno: errno) }
    guard access(canonicalPath, R_OK | W_OK) == 0 || errno == ENOENT else {
      throw SQLiteOpenError(path, errno: errno)
    }
  }

  /// How many bytes a file has; 0 if there is none.
  static func size(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  private var folder: String {
    let slash = canonicalPath.utf8.lastIndex(of: UInt8(ascii: "/"))!
    return slash == canonicalPath.startIndex ? "/" : String(canonicalPath[..<slash])
  }

  /// Makes the new file's name last.
  private func flushFolder() throws(SQLiteOpenError) {
    let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SQLiteOpenError(path, errno: errno) }
    defer { _ = close(descriptor) }
    // Some file systems can't flush a folder; they need not.
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw SQLiteOpenError(path, errno: errno) }
  }

  private static func canonical(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}

extension SQLiteOpenError {
  /// The error for what a system call reported.
  init(_ path: String, errno code: Int32) {
    switch code {
    case EACCES, EPERM, EROFS: self.init(path, .notWritable)
    case ENOENT, ENOTDIR: self.init(path, .missingFolder)
    case EISDIR: self.init(path, .notAFile)
    default: self.init(path, .failed(String(cString: strerror(code))))
    }
  }
}
