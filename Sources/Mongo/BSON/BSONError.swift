/// The reason why bytes are not BSON, or not the BSON that was asked for; `description` says it in words.
///
/// Offsets count from the first byte of the outermost document's storage.
public enum BSONError: Error, Sendable, Hashable {
  case truncated(offset: Int)
  case badLength(offset: Int)
  case missingTerminator(offset: Int)
  case trailingBytes(offset: Int)
  case unknownType(UInt8, offset: Int)
  case unsupportedType(BSONType)
  case unsupportedBinarySubtype(UInt8)
  case invalidUTF8(offset: Int)
  case invalidBool(UInt8, offset: Int)
  case tooDeep
  case tooLarge
  case keyContainsNUL
  case missingKey(String)
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
