import JSONRPC
import LibC
import SQLiteStore

/// Folders of the file system.
enum Folder {
  /// Creates a folder and its missing parents, for this user alone.
  static func make(_ path: FilePath) throws(SystemError) {
    let (bytes, slash) = (path.bytes, UInt8(ascii: "/"))
    // The path up to each slash behind a name, then the whole path.
    let ends =
      bytes.indices.dropFirst().filter { bytes[$0] == slash && bytes[$0 - 1] != slash } + [bytes.count]
    for end in ends {
      let status = FilePath(bytes: Array(bytes[..<end])).withCString { mkdir($0, 0o700) }
      // If a file has the name of a folder, opening the folder's contents reports that.
      guard status == 0 || errno == EEXIST else { throw SystemError("mkdir") }
    }
  }
}
