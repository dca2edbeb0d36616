import Inbox
import JSON
import Mongo

extension JSON {
  /// The text of the value as plain JSON: what is in a form of extended JSON inside of it is what it stands for, as it is in
  /// what comes from a collection. Where there is none, or none that JSON has a value for, nothing is changed.
  var plain: [UInt8] {
    guard raw.indices.contains(where: { raw[$0...].starts(with: [0x22, 0x24]) }), hasExtendedForm else {
      return Array(raw)
    }
    var writer = JSONWriter()
    write(to: &writer)
    return writer.take()
  }

  private var hasExtendedForm: Bool {
    switch kind {
    case .object:
      if let value = SourceValue.extended(self), value != .other { return true }
      return members.contains { $0.value.hasExtendedForm }
    case .array: return elements.contains { $0.hasExtendedForm }
    default: return false
    }
  }

  private func write(to writer: inout JSONWriter) {
    switch kind {
    case .object:
      if let value = SourceValue.extended(self), value != .other {
        value.write(to: &writer)
        return
      }
      writer.beginObject()
      for (key, value) in members {
        writer.key(key.string ?? "")
        value.write(to: &writer)
      }
      writer.endObject()
    case .array:
      writer.beginArray()
      for element in elements { element.write(to: &writer) }
      writer.endArray()
    default: writer.raw(raw)
    }
  }
}

extension SourceValue {
  /// The value of an object in one of the forms of extended JSON; nil for any other object.
  static func extended(_ object: JSON) -> SourceValue? {
    guard let (key, value) = object.members.first(where: { _ in true }), let name = key.string,
      name.hasPrefix("$")
    else {
      return nil
    }
    switch (name, object.count) {
    case ("$oid", 1):
      return value.string.flatMap { BSONObjectID(hexadecimal: $0) }.map { .objectID($0) } ?? .other
    case ("$date", 1): return date(value)
    case ("$numberInt", 1), ("$numberLong", 1):
      return value.string.flatMap { Int64($0) }.map { .integer($0) } ?? .other
    case ("$numberDouble", 1): return value.string.flatMap { Double($0) }.map { .double($0) } ?? .other
    case ("$numberDecimal", 1), ("$symbol", 1), ("$uuid", 1): return value.string.map { .text($0) } ?? .other
    case ("$undefined", 1): return .null
    case ("$binary", 1):
      return uuid(value["base64"]?.string, subtype: value["subType"]?.string)
    case ("$binary", 2): return uuid(value.string, subtype: object["$type"]?.string)
    case ("$ref", 2...):
      // A reference of MongoEngine's: the id of the document that it leads to.
      return object["$id"].map { SourceValue($0) } ?? .other
    default: return .other
    }
  }

  /// Binary data, if it is a UUID: as text, as it comes from a collection.
  private static func uuid(_ text: String?, subtype: String?) -> SourceValue {
    guard let text, let subtype = subtype.flatMap({ UInt8($0, radix: 16) }) else { return .other }
    // Base64 of either alphabet.
    let letters = text.utf8.filter { $0 != UInt8(ascii: "=") }.map { byte in
      byte == UInt8(ascii: "+") ? UInt8(ascii: "-") : byte == UInt8(ascii: "/") ? UInt8(ascii: "_") : byte
    }
    return Base64URL.decode(letters).flatMap { BSONElement.uuidText(subtype, $0) }.map { .text($0) } ?? .other
  }

  /// `{"$date": ...}`: a text, milliseconds, or these as `{"$numberLong": "..."}`.
  private static func date(_ value: JSON) -> SourceValue {
    switch SourceValue(value) {
    case .integer(let milliseconds): .clock(milliseconds)
    case .double(let milliseconds) where abs(milliseconds) < 1e17: .clock(Int64(milliseconds.rounded(.down)))
    case .text(let text): ClockText(text).map { .clock($0.clock - ($0.offset ?? 0)) } ?? .other
    default: .other
    }
  }
}

extension BSONObjectID {
  /// The id with these 24 digits.
  fileprivate init?(hexadecimal text: String) {
    let digits = text.utf8
    guard digits.count == 24, let high = UInt64(text.prefix(16), radix: 16),
      let low = UInt32(text.suffix(8), radix: 16),
      digits.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") })
    else { return nil }
    self.init(high: high, low: low)
  }
}
