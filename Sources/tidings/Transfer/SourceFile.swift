import LibC
import SQLiteStore

/// A file, or stdin, that is read from its beginning to its end.
struct SourceFile {
  /// The name for people.
  let name: String
  /// The size in bytes; nil if it is no file.
  let size: Int?
  /// The bytes that were read so far.
  private(set) var done = 0
  private let descriptor: Descriptor

  /// Opens a file; `-` is stdin.
  init(_ path: String) throws(CommandError) {
    if path == "-" {
      (name, descriptor) = ("stdin", .standardInput)
    } else {
      name = path
      do {
        descriptor = try Descriptor.reading(FilePath(bytes: path.systemBytes))
      } catch {
        throw CommandError(.notFound, "\(path) can't be read: \(error)")
      }
    }
    var status = stat()
    size =
      fstat(descriptor.number, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
  }

  /// The next bytes; none at the end.
  mutating func read() throws(CommandError) -> [UInt8] {
    do {
      let bytes = try descriptor.read(atMost: 256 << 10)
      done += bytes.count
      return bytes
    } catch {
      throw CommandError(.notFound, "\(name) can't be read: \(error)")
    }
  }
}

/// Cuts bytes into lines.
struct LineCutter {
  /// The longest line that is kept, in bytes; of a longer one nothing is.
  static let longest = 32 << 20

  private var rest: [UInt8] = []
  private var isTooLong = false
  /// The lines so far.
  private(set) var count = 0

  /// Calls `body` with each line that ends here, without its line end; with nil for one that is too long.
  mutating func take(_ bytes: [UInt8], _ body: ([UInt8]?, _ line: Int) throws -> Void) rethrows {
    var start = 0
    while let end = bytes[start...].firstIndex(of: 0x0A) {
      try self.end(of: bytes[start..<end], body)
      start = end + 1
    }
    add(bytes[start...])
  }

  /// Calls `body` with what is left, if it has no line end.
  mutating func finish(_ body: ([UInt8]?, _ line: Int) throws -> Void) rethrows {
    if !rest.isEmpty || isTooLong { try end(of: [], body) }
  }

  private mutating func add(_ bytes: ArraySlice<UInt8>) {
    if rest.count + bytes.count > Self.longest { (rest, isTooLong) = ([], true) }
    if !isTooLong { rest += bytes }
  }

  private mutating func end(of bytes: ArraySlice<UInt8>, _ body: ([UInt8]?, _ line: Int) throws -> Void)
    rethrows
  {
    count += 1
    if rest.isEmpty, !isTooLong, bytes.count <= Self.longest {
      try body(Array(bytes), count)
      return
    }
    add(bytes)
    let line = isTooLong ? nil : rest
    (rest, isTooLong) = ([], false)
    try body(line, count)
  }
}
