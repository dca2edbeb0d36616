/// Why a text is no valid JSON, and where.
public struct JSONError: Error, Equatable, Sendable {
  /// The kinds of faults a text can have.
  public enum Reason: Equatable, Sendable {
    /// The text has nothing but white space.
    case emptyText
    /// The text ends inside a value.
    case unexpectedEnd
    /// A byte that can't stand where it does.
    case unexpectedByte(UInt8)
    /// Bytes that are no UTF-8: a stray, overlong or cut-off sequence, a surrogate, or beyond U+10FFFF.
    case invalidUTF8
    /// A `\u` escape of one half of a surrogate pair without the other half.
    case loneSurrogate
    /// A backslash that is not followed by one of the escapes.
    case invalidEscape
    /// An unescaped byte below 0x20 in a string.
    case controlCharacter
    /// A number with a leading zero, or without a digit where one must be.
    case invalidNumber
    /// More arrays and objects inside one another than allowed.
    case depthExceeded
    /// An object has the same key twice.
    case duplicateKey
    /// Something follows the value.
    case trailingText
    /// A text of 2 GiB or more, which is not read at all.
    case textTooLong
  }

  /// Where the fault is: the number of bytes before it.
  ///
  /// That is the offending byte, or the length of the text if it ends too early; for an ill-formed UTF-8
  /// sequence its first byte, for an escape its backslash, for a duplicate key the later one's quote.
  public let offset: Int
  /// What the fault is.
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
