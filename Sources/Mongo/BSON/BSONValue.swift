/// One BSON value of a supported type.
public enum BSONValue: Sendable, Hashable {
  case double(Double)
  case string(String)
  case document(BSONDocument)
  case array(BSONArray)
  /// Binary of subtype 0.
  case binary([UInt8])
  case objectID(BSONObjectID)
  case bool(Bool)
  /// Milliseconds since 1970-01-01T00:00:00Z.
  case date(milliseconds: Int64)
  case null
  case int32(Int32)
  case int64(Int64)
}

extension BSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// An int64; MongoDB compares numbers across types.
  public init(integerLiteral value: Int64) { self = .int64(value) }
  /// A double.
  public init(floatLiteral value: Double) { self = .double(value) }
  /// A boolean.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// Null.
  public init(nilLiteral: ()) { self = .null }
  /// An array; see ``BSONArray/init(arrayLiteral:)``.
  public init(arrayLiteral elements: BSONValue...) {
    do {
      self = .array(try BSONArray(elements))
    } catch {
      preconditionFailure("\(error)")
    }
  }
  /// A document; see ``BSONDocument/init(dictionaryLiteral:)``.
  public init(dictionaryLiteral elements: (String, BSONValue)...) {
    do {
      self = .document(try .build { for (key, value) in elements { $0.append(key, value) } })
    } catch {
      preconditionFailure("\(error)")
    }
  }
}
