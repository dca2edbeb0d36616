import JSONRPC

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Folders of the file system, by the bytes of their paths.
enum Folder {
  /// Makes a folder and those above it, as far as they are missing, for this user alone.
  static func make(_ path: [UInt8]) throws(SystemError) {
    let slash = UInt8(ascii: "/")
    // What stands before each slash behind a name, then the whole.
    let ends = path.indices.dropFirst().filter { path[$0] == slash && path[$0 - 1] != slash } + [path.count]
    for end in ends {
      let status = (path[..<end] + [0]).withUnsafeBufferPointer { bytes in
        bytes.withMemoryRebound(to: CChar.self) { mkdir($0.baseAddress!, 0o700) }
      }
      // A file that has the name of a folder is found when what lies in it is opened.
      guard status == 0 || errno == EEXIST else { throw SystemError("mkdir") }
    }
  }

  /// Whether there is something of this name, as far as this user can see.
  static func holds(_ path: [UInt8]) -> Bool {
    (path + [0]).withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { access($0.baseAddress!, F_OK) == 0 || errno != ENOENT }
    }
  }
}
