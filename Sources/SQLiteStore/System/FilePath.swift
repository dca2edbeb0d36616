/// A path as the system uses it: bytes in no particular encoding.
public struct FilePath: Hashable, Sendable, CustomStringConvertible {
  /// With the NUL that ends it, as the system takes it: a store asks for its files with each change.
  private let terminated: [UInt8]

  /// The path without the NUL that ends it.
  public var bytes: [UInt8] { Array(terminated.dropLast()) }

  /// The path of these bytes. One with a NUL among them names no file: opening refuses it.
  public init(bytes: [UInt8]) { terminated = bytes + [0] }

  /// The path whose bytes are this text's UTF-8.
  public init(_ text: String) { self.init(bytes: Array(text.utf8)) }

  /// Creates the path that a system call returned.
  init(terminated bytes: UnsafePointer<CChar>) {
    var end = bytes
    while end.pointee != 0 { end += 1 }
    self.init(bytes: UnsafeBufferPointer(start: bytes, count: end - bytes).map { UInt8(bitPattern: $0) })
  }

  /// Calls `body` with the path as a C string, as system calls take it.
  public func withCString<Result>(_ body: (UnsafePointer<CChar>) throws -> Result) rethrows -> Result {
    try terminated.withUnsafeBytes { try body($0.assumingMemoryBound(to: CChar.self).baseAddress!) }
  }

  /// Whether something has this name, even if it is a link that leads nowhere.
  public var exists: Bool { FileStatus(self) != nil }

  static func + (path: FilePath, suffix: StaticString) -> FilePath {
    FilePath(bytes: path.bytes + suffix.withUTF8Buffer { Array($0) })
  }

  /// The path for display, on one line: bytes that are not UTF-8 and characters that control a terminal are
  /// written as `\xE9`, and a backslash is doubled, so that two paths never look the same.
  public var description: String {
    var text = ""
    var rest = bytes[...]
    while let first = rest.first {
      // One scalar at a time: a byte that begins no scalar is shown alone.
      var decoder = UTF8()
      var input = rest.makeIterator()
      if case .scalarValue(let scalar) = decoder.decode(&input) {
        let size = UTF8.width(scalar)
        if scalar == "\\" {
          text += "\\\\"
        } else if Self.isHidden(scalar) {
          for byte in rest.prefix(size) { text += Self.escaped(byte) }
        } else {
          text.unicodeScalars.append(scalar)
        }
        rest = rest.dropFirst(size)
      } else {
        text += Self.escaped(first)
        rest = rest.dropFirst()
      }
    }
    return text
  }

  /// Whether a reader would not see the character: controls, line ends and changes of direction.
  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x2069, 0xFEFF: true
    default: false
    }
  }

  private static func escaped(_ byte: UInt8) -> String {
    let digits = Array("0123456789ABCDEF".unicodeScalars)
    var text = "\\x"
    text.unicodeScalars.append(digits[Int(byte >> 4)])
    text.unicodeScalars.append(digits[Int(byte & 15)])
    return text
  }

  /// The path quoted as one word of a shell command.
  var quoted: String {
    let shown = description
    let isPlain = shown.utf8.elementsEqual(bytes)
    var word = isPlain ? "'" : "$'"
    for scalar in shown.unicodeScalars {
      if scalar == "'" { word += isPlain ? "'\\''" : "\\'" } else { word.unicodeScalars.append(scalar) }
    }
    return word + "'"
  }
}
