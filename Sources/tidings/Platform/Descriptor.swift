import JSONRPC
import LibC
import SQLiteStore

/// An open file, pipe or terminal. Reading and writing block.
struct Descriptor: Sendable {
  let number: Int32

  static let standardInput = Descriptor(number: STDIN_FILENO)
  static let standardOutput = Descriptor(number: STDOUT_FILENO)
  static let standardError = Descriptor(number: STDERR_FILENO)

  /// Takes the numbers of the standard descriptors that are closed, so that no file that is opened later gets one of them,
  /// and with it what is meant for a reader. Reading and writing them fails as before, but that what is written to
  /// stderr is gone. Called before anything is opened.
  static func holdStandardOnes() throws(SystemError) {
    // The lowest free number is the one that open(2) gives.
    for (number, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDWR)]
    where fcntl(number, F_GETFD) < 0 {
      guard open("/dev/null", mode) == number else { throw SystemError("open /dev/null") }
    }
  }

  /// Whether it is a terminal.
  var isTerminal: Bool { isatty(number) == 1 }

  /// Opens a file for reading.
  static func reading(_ path: FilePath) throws(SystemError) -> Descriptor {
    let number = path.withCString { open($0, O_RDONLY | O_CLOEXEC) }
    guard number >= 0 else { throw SystemError("open") }
    return Descriptor(number: number)
  }

  /// Creates a pipe whose ends no other program inherits.
  static func pipe() throws(SystemError) -> (reading: Descriptor, writing: Descriptor) {
    var ends: [Int32] = [-1, -1]
    guard systemPipe(&ends) == 0 else { throw SystemError("pipe") }
    // This program starts no other, so no process can inherit the ends before the flag is set.
    for end in ends where fcntl(end, F_SETFD, FD_CLOEXEC) < 0 { throw SystemError("fcntl") }
    return (Descriptor(number: ends[0]), Descriptor(number: ends[1]))
  }

  /// Reads at most `limit` bytes; none at the end.
  func read(atMost limit: Int = 64 << 10) throws(SystemError) -> [UInt8] {
    var count = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, filled in
      repeat { count = systemRead(number, buffer.baseAddress, limit) } while count < 0 && errno == EINTR
      filled = max(count, 0)
    }
    guard count >= 0 else { throw SystemError("read") }
    return bytes
  }

  /// Reads up to the end.
  func readToEnd() throws(SystemError) -> [UInt8] {
    var all: [UInt8] = []
    while case let part = try read(), !part.isEmpty { all += part }
    return all
  }

  /// Writes all bytes.
  func write(_ bytes: [UInt8]) throws(SystemError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { systemWrite(number, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        throw SystemError("write")
      }
    }
  }

  /// Waits until whoever reads the other end of this pipe or terminal has closed it.
  func waitUntilClosed() {
    // Without a request for anything, poll(2) tells of the end alone.
    var entry = pollfd(fd: number, events: 0, revents: 0)
    while poll(&entry, 1, -1) <= 0 {}
  }

  /// Closes the descriptor, which must not be used any more.
  func close() {
    // All written bytes have been handed over: an error of close(2) loses nothing for pipes and files that
    // were only read.
    _ = systemClose(number)
  }
}

// The system calls, whose names the methods above shadow.
private func systemRead(_ number: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
  read(number, bytes, count)
}

private func systemWrite(_ number: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(number, bytes, count)
}

private func systemClose(_ number: Int32) -> Int32 { close(number) }

private func systemPipe(_ ends: UnsafeMutablePointer<Int32>) -> Int32 { pipe(ends) }
