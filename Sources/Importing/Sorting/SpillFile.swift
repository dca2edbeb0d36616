import LibC

/// A file for what does not fit in memory. It has no name, so it is gone with this process.
final class SpillFile {
  private let folder: String
  private let descriptor: Int32
  private(set) var size = 0

  /// Makes a file in a folder.
  init(in folder: String) throws {
    var name = Array("\(folder)/tidings-import-XXXXXX".utf8CString)
    let number = mkstemp(&name)
    guard number >= 0 else { throw SpillFailure(folder) }
    (self.folder, descriptor) = (folder, number)
    unlink(name)
    _ = fcntl(number, F_SETFD, FD_CLOEXEC)
  }

  deinit { close(descriptor) }

  /// Writes bytes behind all others; returns where they begin.
  func append(_ bytes: UnsafeRawBufferPointer) throws -> Int {
    let start = size
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      let count = pwrite(descriptor, part.baseAddress, part.count, off_t(size))
      if count > 0 {
        size += count
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        throw SpillFailure(folder)
      }
    }
    return start
  }

  /// Reads as many bytes as the buffer holds, all of which were written.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    var done = 0
    while done < buffer.count {
      let count = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
      if count > 0 {
        done += count
      } else if count == 0 || errno != EINTR {
        throw SpillFailure(folder)
      }
    }
  }
}

/// The reason why what doesn't fit in memory can't be put aside: not a fault of the source.
public struct SpillFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// The sentence for people.
  public let description: String

  /// Takes the reason of the system call that failed last.
  init(_ folder: String) {
    description =
      "a temporary file in \(folder) can't be written: \(String(cString: strerror(errno))): "
      + "TMPDIR names another folder for it"
  }
}
