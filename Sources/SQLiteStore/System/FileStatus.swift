import LibC

/// The status of a file, as the system reports it.
struct FileStatus: Hashable, Sendable {
  var identity: FileIdentity
  var isFile = true
  var isLink = false
  var owner: UInt32
  var group: UInt32 = 0
  /// The permissions.
  var mode: UInt32
  /// The number of hard links.
  var links = 1
  var size = 0
  var changed = Time(seconds: 0, nanoseconds: 0)

  /// The time of an event.
  struct Time: Hashable, Sendable {
    var seconds: Int
    var nanoseconds: Int
  }
}

/// The identity of a file, whatever its name.
struct FileIdentity: Hashable, Sendable {
  var device: UInt64
  var inode: UInt64
}

extension FileStatus {
  init(_ status: stat) {
    identity = FileIdentity(device: UInt64(truncatingIfNeeded: status.st_dev), inode: UInt64(status.st_ino))
    isFile = status.st_mode & S_IFMT == S_IFREG
    isLink = status.st_mode & S_IFMT == S_IFLNK
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

  /// The status of an open file; nil if the system can't tell it, for the reason in `errno`.
  init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  /// The status of the file with this name; nil if there is none or the system can't tell it, for the reason
  /// in `errno`.
  init?(_ path: FilePath, followsLinks: Bool = false) {
    var status = stat()
    let code = path.withCString { followsLinks ? stat($0, &status) : lstat($0, &status) }
    guard code == 0 else { return nil }
    self.init(status)
  }
}
