import JSON
import Mongo

/// The value of one field of a foreign document, whatever the format that it came in.
public enum SourceValue: Hashable, Sendable {
  /// Null; a field that is missing counts as null, too.
  case null
  case bool(Bool)
  case integer(Int64)
  case double(Double)
  case text(String)
  /// A date as databases keep it: milliseconds since 1970 on the clock of whoever wrote it, which may not have shown UTC.
  case clock(Int64)
  case objectID(BSONObjectID)
  /// An object or an array, as JSON.
  case json([UInt8])
  /// A value of a kind that says nothing here, such as a regular expression.
  case other

  /// Whether nothing is there.
  var isNull: Bool { if case .null = self { true } else { false } }

  /// The value as a text of one line, where it is a text, a number or an id.
  var plain: String? {
    switch self {
    case .text(let text): text
    case .integer(let number): String(number)
    case .double(let number): Int64(exactly: number).map { String($0) } ?? String(number)
    case .objectID(let id): id.description
    case .null, .bool, .clock, .json, .other: nil
    }
  }

  /// Writes the value as a member; returns false, and writes nothing, for one that JSON has no form for.
  func write(to writer: inout JSONWriter, key: String) -> Bool {
    guard hasForm else { return false }
    writer.key(key)
    write(to: &writer)
    return true
  }

  /// Writes the value; null if JSON has no form for it.
  func write(to writer: inout JSONWriter) {
    switch self {
    case .bool(let flag): writer.bool(flag)
    case .integer(let number): writer.integer(number)
    case .double(let number) where number.isFinite: writer.double(number)
    case .text(let text): writer.string(text)
    case .clock(let time): writer.date(millisecondsSince1970: time)
    case .objectID(let id): writer.string(id.description)
    case .json(let text): writer.raw(text)
    case .null, .double, .other: writer.null()
    }
  }

  private var hasForm: Bool {
    switch self {
    case .null, .other: false
    case .double(let number): number.isFinite
    default: true
    }
  }
}
