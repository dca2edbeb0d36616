import JSON
import Mongo

extension BSONElement {
  /// A UUID as text: binary of 16 bytes of its subtype, or of the one that older drivers gave it. Nil for other binary.
  func uuidText() throws(BSONError) -> String? {
    let (subtype, bytes) = try binaryOfAnySubtype()
    return Self.uuidText(subtype, bytes)
  }

  /// The UUID that binary data of a subtype is, as text; nil for other data.
  static func uuidText(_ subtype: UInt8, _ bytes: some Collection<UInt8>) -> String? {
    guard subtype == 3 || subtype == 4, bytes.count == 16 else { return nil }
    var text = ""
    for (index, byte) in bytes.enumerated() {
      if [4, 6, 8, 10].contains(index) { text += "-" }
      text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    return text
  }
}

extension BSONDocument {
  /// The document as a JSON object. What JSON has no form for is left out.
  func json(depth: Int) throws(BSONError) -> [UInt8] {
    guard depth < Self.maximumDepth else { throw .tooDeep }
    var writer = JSONWriter()
    writer.beginObject()
    var reader = BSONReader(self)
    while let element = try reader.next() {
      _ = try element.plainValue(depth: depth).write(to: &writer, key: try element.key.string())
    }
    writer.endObject()
    return writer.take()
  }
}

extension BSONArray {
  /// The array as JSON. What JSON has no form for is null.
  func json(depth: Int) throws(BSONError) -> [UInt8] {
    guard depth < BSONDocument.maximumDepth else { throw .tooDeep }
    var writer = JSONWriter()
    writer.beginArray()
    var reader = BSONReader(document)
    while let element = try reader.next() { try element.plainValue(depth: depth).write(to: &writer) }
    writer.endArray()
    return writer.take()
  }
}

extension BSONElement {
  fileprivate func plainValue(depth: Int) throws(BSONError) -> SourceValue {
    switch type {
    case .document: .json(try document().json(depth: depth + 1))
    case .array: .json(try array().json(depth: depth + 1))
    default: try SourceValue(self)
    }
  }
}
