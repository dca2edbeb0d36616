import JSONRPC
import SQLiteStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Folders of the file system.
enum Folder {
  /// Makes a folder and those above it, as far as they are missing, for this user alone.
  static func make(_ path: FilePath) throws(SystemError) {
    let (bytes, slash) = (path.bytes, UInt8(ascii: "/"))
    // What stands before each slash behind a name, then the whole.
    let ends =
      bytes.indices.dropFirst().filter { bytes[$0] == slash && bytes[$0 - 1] != slash } + [bytes.count]
    for end in ends {
      let status = FilePath(bytes: Array(bytes[..<end])).withCString { mkdir($0, 0o700) }
      // A file that has the name of a folder is found when what lies in it is opened.
      guard status == 0 || errno == EEXIST else { throw SystemError("mkdir") }
    }
  }
}
