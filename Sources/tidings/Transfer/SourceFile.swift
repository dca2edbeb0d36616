import JSONRPC
import LibC
import SQLiteStore

/// A file, or stdin, that is read from its beginning to its end.
struct SourceFile: Sendable {
  /// The name for people.
  let name: String
  /// The size in bytes; nil if it is no file.
  let size: Int?
  /// The first bytes, of which the format can be told.
  let beginning: [UInt8]
  /// The bytes that were read so far.
  private(set) var done = 0
  private let descriptor: Descriptor
  /// What tells whether the file was changed; nil if it is no file.
  private let version: Version?

  private struct Version: Equatable {
    var size: Int
    var seconds: Int
    var nanoseconds: Int
  }

  /// Opens a file; `-` is stdin. Throws for one of which the first bytes show that it can't be imported.
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
    version = Self.version(descriptor)
    size = version?.size
    var bytes: [UInt8] = []
    // A pipe may bring a few bytes at a time.
    while bytes.count < Self.beginningSize, case let more = try Self.read(descriptor, name), !more.isEmpty {
      bytes += more
    }
    beginning = bytes
    if bytes.count < Self.beginningSize, bytes.allSatisfy({ [0x20, 0x09, 0x0A, 0x0D].contains($0) }) {
      throw isEmpty
    }
    if let form = FileForm(bytes) {
      throw CommandError(.badData, "\(name) is \(form.rawValue): nothing was imported")
    }
  }

  private static let beginningSize = 4096

  /// The failure for a file with nothing in it.
  var isEmpty: CommandError { CommandError(.badData, "\(name) is empty: nothing was imported") }

  /// Whether the first bytes say that it is an export of Tidings.
  var isExport: Bool {
    let name = Array("tidings-export".utf8)
    return beginning.indices.contains { beginning[$0...].starts(with: name) }
  }

  /// The next bytes; none at the end.
  mutating func read() throws(CommandError) -> [UInt8] {
    let bytes = done == 0 ? beginning : try Self.read(descriptor, name)
    done += bytes.count
    return bytes
  }

  private static func read(_ descriptor: Descriptor, _ name: String) throws(CommandError) -> [UInt8] {
    do {
      return try descriptor.read(atMost: 256 << 10)
    } catch {
      throw CommandError(.notFound, "\(name) can't be read: \(error)")
    }
  }

  /// Whether the file is another one than when it was opened.
  var hasChanged: Bool { version != Self.version(descriptor) }

  /// What there is to say of a file that has changed.
  var changeSentence: String { "\(name) was changed while it was read" }

  private static func version(_ descriptor: Descriptor) -> Version? {
    var status = stat()
    guard fstat(descriptor.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    return Version(size: Int(status.st_size), seconds: Int(time.tv_sec), nanoseconds: Int(time.tv_nsec))
  }
}

/// Cuts bytes into lines.
struct LineCutter {
  /// The longest line that is kept, in bytes; of a longer one nothing is. Marks and records have up to 4 MiB, which
  /// are written as base64.
  static let longest = 8 << 20

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
