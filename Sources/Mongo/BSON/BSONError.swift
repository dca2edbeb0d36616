/// The reason why bytes are not BSON, or not the BSON that was asked for.
///
/// Offsets count from the first byte of the outermost document's storage.
public enum BSONError: Error, Sendable, Hashable {
  /// The document or a value in it extends past the end of the bytes.
  case truncated(offset: Int)
  /// A length field is negative, too small, or doesn't fit its surroundings.
  case badLength(offset: Int)
  /// A document, string or key lacks the NUL at its end.
  case missingTerminator(offset: Int)
  /// Bytes follow the document's end.
  case trailingBytes(offset: Int)
  /// A type byte that the specification does not define.
  case unknownType(UInt8, offset: Int)
  /// A type of the specification that is not supported here.
  case unsupportedType(BSONType)
  /// A binary value whose subtype isn't 0.
  case unsupportedBinarySubtype(UInt8)
  /// A string or key that isn't UTF-8.
  case invalidUTF8(offset: Int)
  /// A boolean byte other than 0 and 1.
  case invalidBool(UInt8, offset: Int)
  /// More than ``BSONDocument/maximumDepth`` documents within one another.
  case tooDeep
  /// More than ``BSONDocument/maximumSize`` bytes.
  case tooLarge
  /// A key with a NUL in it, which can't be written.
  case keyContainsNUL
  /// A key that was asked for isn't there.
  case missingKey(String)
  /// The value has another type than the one asked for.
  case typeMismatch(key: String, expected: BSONType, found: BSONType)
}

extension BSONError: CustomStringConvertible {
  /// The error in words; it contains keys and offsets, never values.
  public var description: String {
    switch self {
    case .truncated(let offset): "BSON is truncated at byte \(offset)"
    case .badLength(let offset): "BSON has a wrong length at byte \(offset)"
    case .missingTerminator(let offset): "BSON lacks a terminator at byte \(offset)"
    case .trailingBytes(let offset): "BSON is followed by other bytes at byte \(offset)"
    case .unknownType(let type, let offset): "BSON has the unknown type \(type) at byte \(offset)"
    case .unsupportedType(let type): "BSON values of type \(type) are not supported"
    case .unsupportedBinarySubtype(let subtype): "BSON binary of subtype \(subtype) is not supported"
    case .invalidUTF8(let offset): "BSON text is not UTF-8 at byte \(offset)"
    case .invalidBool(let byte, let offset): "BSON has the boolean \(byte) at byte \(offset)"
    case .tooDeep: "BSON is nested more than \(BSONDocument.maximumDepth) deep"
    case .tooLarge: "BSON is longer than \(BSONDocument.maximumSize) bytes"
    case .keyContainsNUL: "a BSON key contains NUL"
    case .missingKey(let key): "BSON lacks the key '\(key)'"
    case .typeMismatch(let key, let expected, let found):
      "BSON key '\(key)' holds \(found), not \(expected)"
    }
  }
}
