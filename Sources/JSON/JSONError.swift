/// The reason why a text is not valid JSON, and the place of the fault.
public struct JSONError: Error, Equatable, Sendable {
  /// The kinds of faults that a text can have.
  public enum Reason: Equatable, Sendable {
    /// The text is empty, or only white space.
    case emptyText
    /// The text ends inside a value.
    case unexpectedEnd
    /// A byte is not allowed where it stands.
    case unexpectedByte(UInt8)
    /// Bytes are not valid UTF-8: a stray, overlong or cut-off sequence, a surrogate, or a scalar beyond
    /// U+10FFFF.
    case invalidUTF8
    /// A `\u` escape is one half of a surrogate pair without the other half.
    case loneSurrogate
    /// A backslash does not begin a valid escape.
    case invalidEscape
    /// A string has an unescaped byte below 0x20.
    case controlCharacter
    /// A number has a leading zero, or lacks a digit where one is required.
    case invalidNumber
    /// Arrays and objects are nested deeper than allowed.
    case depthExceeded
    /// An object has the same key twice.
    case duplicateKey
    /// Something follows the value.
    case trailingText
    /// The text has 2 GiB or more; it is not read at all.
    case textTooLong
  }

  /// The offset of the fault: the number of bytes before it.
  ///
  /// It is the offset of the offending byte, or the length of the text if the text ends too early. For
  /// ill-formed UTF-8 it is that of the sequence's first byte, for an escape that of its backslash, for a
  /// duplicate key that of the later key's quote.
  public let offset: Int
  /// The kind of fault.
  public let reason: Reason

  /// Creates an error.
  public init(offset: Int, reason: Reason) {
    self.offset = offset
    self.reason = reason
  }
}

extension JSONError: CustomStringConvertible {
  /// A sentence for people, like "a key occurs twice in an object at byte 17".
  public var description: String { "\(reason) at byte \(offset)" }
}

extension JSONError.Reason: CustomStringConvertible {
  /// A phrase for people.
  public var description: String {
    switch self {
    case .emptyText: "the text is empty"
    case .unexpectedEnd: "the text ends too early"
    case .unexpectedByte(let byte) where (0x21...0x7e).contains(byte):
      "unexpected character '\(Character(Unicode.Scalar(byte)))'"
    case .unexpectedByte(let byte): "unexpected byte 0x\(String(byte, radix: 16))"
    case .invalidUTF8: "invalid UTF-8"
    case .loneSurrogate: "an escaped surrogate without its other half"
    case .invalidEscape: "invalid escape"
    case .controlCharacter: "an unescaped control character in a string"
    case .invalidNumber: "invalid number"
    case .depthExceeded: "too many arrays and objects inside one another"
    case .duplicateKey: "a key occurs twice in an object"
    case .trailingText: "something follows the value"
    case .textTooLong: "the text is too long"
    }
  }
}
