import LibC
import MongoStore

// Arguments and paths are bytes, which a `String` can't hold unless they are UTF-8. A byte that is not part
// of a character is represented by one of the last 128 private-use characters of Unicode, and so are the
// bytes of these characters themselves: every sequence of bytes becomes one text, and is restored exactly
// from it.
extension String {
  private static let firstStandIn: UInt32 = 0x10FF80

  /// Creates the text for bytes from the system, which end with 0.
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
      // One character, which may consist of several scalars: all its bytes are treated alike.
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

  /// The bytes for the system.
  var systemBytes: [UInt8] {
    guard hasStandIns else { return Array(utf8) }
    return unicodeScalars.flatMap { $0.standsFor.map { [$0] } ?? Array(String($0).utf8) }
  }

  /// Whether the text stands for bytes that are not UTF-8.
  var hasStandIns: Bool { unicodeScalars.contains { $0.standsFor != nil } }

  /// The text in a form that may be shown to a person: without characters that move a cursor, break a line
  /// (unless lines are kept) or change the direction of writing, without bytes that are not part of a
  /// character, and without the password of a URI.
  func shown(keepingLines: Bool = false) -> String {
    var text = ""
    for scalar in MongoStore.withoutLogins(self).unicodeScalars {
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
}

extension Unicode.Scalar {
  /// The byte that this character represents; nil for any other character.
  fileprivate var standsFor: UInt8? { value >= 0x10FF80 ? UInt8(value - 0x10FF80 + 0x80) : nil }

  /// Whether a terminal would act on the character rather than show it.
  fileprivate var isUnseen: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
