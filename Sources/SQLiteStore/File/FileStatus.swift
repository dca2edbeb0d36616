#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the system says of a file.
struct FileStatus: Hashable, Sendable {
  var identity: FileIdentity
  var isFile = true
  var owner: UInt32
  var group: UInt32 = 0
  /// Who may do what.
  var mode: UInt32
  /// How many names it has.
  var links = 1
  var size = 0
  var changed = Time(seconds: 0, nanoseconds: 0)

  /// When something happened.
  struct Time: Hashable, Sendable {
    var seconds: Int
    var nanoseconds: Int
  }
}

/// Which file it is, whatever its name.
struct FileIdentity: Hashable, Sendable {
  var device: UInt64
  var inode: UInt64
}

extension FileStatus {
  init(_ status: stat) {
    identity = FileIdentity(device: UInt64(truncatingIfNeeded: status.st_dev), inode: UInt64(status.st_ino))
    isFile = status.st_mode & S_IFMT == S_IFREG
    owner = status.st_uid
    group = status.st_gid
    mode = UInt32(status.st_mode & 0o7777)
    links = Int(status.st_nlink)
    size = Int(status.st_size)
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    changed = Time(seconds: Int(time.tv_sec), nanoseconds: Int(time.tv_nsec))
  }

  /// Of an open file; nil if the system can't say, which `errno` explains.
  init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  /// Of what has this name; nil if nothing has, or if the system can't say, which `errno` explains.
  init?(_ path: FilePath, followsLinks: Bool = false) {
    var status = stat()
    let code = path.withCString { followsLinks ? stat($0, &status) : lstat($0, &status) }
    guard code == 0 else { return nil }
    self.init(status)
  }
}
