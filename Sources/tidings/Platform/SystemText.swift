#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// Arguments and paths are bytes, which a `String` can't hold unless they are UTF-8. A byte that is part of no
// character stands as one of the last 128 private characters of Unicode, and so do the bytes of these
// characters themselves: so every sequence of bytes is one text, and comes back as it was.
extension String {
  private static let firstStandIn: UInt32 = 0x10FF80

  /// The text for bytes that the system gave, which end with 0.
  init(bytes: UnsafePointer<CChar>) {
    if let text = String(validatingCString: bytes), !text.hasStandIns {
      self = text
      return
    }
    self = UnsafeRawBufferPointer(start: bytes, count: strlen(bytes)).withMemoryRebound(to: UInt8.self) {
      String(parts: $0[...])
    }
  }

  private init(parts bytes: Slice<UnsafeBufferPointer<UInt8>>) {
    var (text, rest) = ("", bytes)
    while let byte = rest.first {
      // One character, which may be of several scalars: all its bytes go the same way.
      let length = (1...4).first { String(validating: rest.prefix($0), as: UTF8.self) != nil }
      if let length, let part = String(validating: rest.prefix(length), as: UTF8.self), !part.hasStandIns {
        text += part
        rest = rest.dropFirst(length)
      } else {
        text.unicodeScalars.append(Unicode.Scalar(Self.firstStandIn + UInt32(byte) - 0x80)!)
        rest = rest.dropFirst()
      }
    }
    self = text
  }

  /// The bytes that the system takes.
  var systemBytes: [UInt8] {
    guard hasStandIns else { return Array(utf8) }
    return unicodeScalars.flatMap { $0.standsFor.map { [$0] } ?? Array(String($0).utf8) }
  }

  /// Whether it holds bytes that are not UTF-8.
  var hasStandIns: Bool { unicodeScalars.contains { $0.standsFor != nil } }

  /// The text as a person may be shown it: no character that moves a cursor, breaks a line (unless lines are
  /// kept) or turns the direction of writing, no byte that is no character, and no password of a URI.
  func shown(keepingLines: Bool = false) -> String {
    var text = ""
    for scalar in withoutPasswords.unicodeScalars {
      if let byte = scalar.standsFor {
        text += "\\x" + String(byte, radix: 16, uppercase: true)
      } else if (keepingLines && scalar == "\n") || !scalar.isUnseen {
        text.unicodeScalars.append(scalar)
      } else {
        text += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
      }
    }
    return text
  }

  /// The text with `***` for what stands between `://` and the last `@` of a word, or of the line if the word may
  /// be part of a password with blanks in it.
  var withoutPasswords: String {
    var (done, rest) = ("", self[...])
    while let scheme = rest.firstEnd(of: "://") {
      done += rest[..<scheme]
      rest = rest[scheme...]
      let line = rest.prefix { $0 != "\n" }
      let word = line.prefix { $0 != " " }
      let url = word.contains("@") || !word.contains(":") ? word : line
      if let at = url.lastIndex(of: "@") {
        done += "***"
        rest = rest[at...]
      }
    }
    return done + rest
  }

  /// The text with `***` for what stands between `:` and the last `@` of a word, for errors about what somebody
  /// typed: a URI whose scheme was forgotten or misspelt has a password there.
  var withoutLogins: String {
    split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.split(separator: " ", omittingEmptySubsequences: false).map { word in
        guard let at = word.lastIndex(of: "@"), let colon = word[..<at].firstIndex(of: ":"),
          word.firstEnd(of: "://") == nil
        else { return String(word) }
        return "\(word[...colon])***\(word[at...])"
      }.joined(separator: " ")
    }.joined(separator: "\n")
  }
}

extension Substring {
  /// Where the first occurrence of this ASCII text ends.
  fileprivate func firstEnd(of sought: String) -> Index? {
    var start = startIndex
    while start < endIndex {
      if utf8[start...].starts(with: sought.utf8) { return utf8.index(start, offsetBy: sought.utf8.count) }
      start = utf8.index(after: start)
    }
    return nil
  }
}

extension Unicode.Scalar {
  /// The byte that this character stands for.
  fileprivate var standsFor: UInt8? { value >= 0x10FF80 ? UInt8(value - 0x10FF80 + 0x80) : nil }

  /// Whether a terminal would do something about it rather than show it.
  fileprivate var isUnseen: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
