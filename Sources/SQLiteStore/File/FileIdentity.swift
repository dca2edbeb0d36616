import Inbox

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Which files a store opened. A database that was removed or replaced can still be written by who has it
/// open, and nobody would ever read it: what is acknowledged has to be in the file of that name.
struct FileIdentity: Sendable {
  private let files: [(path: FilePath, device: dev_t, inode: ino_t)]

  /// The files that these paths name now.
  init(_ paths: [FilePath]) {
    files = paths.map { path in
      var status = stat()
      // A file that is gone already has no number, and `check` will say so.
      guard path.withCString({ stat($0, &status) }) == 0 else { return (path, 0, 0) }
      return (path, status.st_dev, status.st_ino)
    }
  }

  /// Throws `unavailable` if a path names another file now, or none.
  func check() throws(StoreError) {
    for file in files {
      var status = stat()
      guard file.path.withCString({ stat($0, &status) }) == 0, status.st_dev == file.device,
        status.st_ino == file.inode
      else {
        throw .unavailable("the database was removed or replaced: restart this program")
      }
    }
  }
}
