import Foundation
import Mongo
import MongoSupport
import Seeds
import Testing

@Suite("BSON bytes")
struct BSONTests {
  static let oid = BSONObjectID(Array(0..<12))!

  /// For each type, the value and the bytes of `{"a": value}` after the length, according to the
  /// specification.
  static let corpus: [(BSONValue, [UInt8])] = [
    (.int32(1), [0x10, 0x61, 0, 1, 0, 0, 0]),
    (.int32(.min), [0x10, 0x61, 0, 0, 0, 0, 0x80]),
    (.int64(-1), [0x12, 0x61, 0, 255, 255, 255, 255, 255, 255, 255, 255]),
    (.double(1), [0x01, 0x61, 0, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F]),
    (.double(-.infinity), [0x01, 0x61, 0, 0, 0, 0, 0, 0, 0, 0xF0, 0xFF]),
    (.string(""), [0x02, 0x61, 0, 1, 0, 0, 0, 0]),
    (.string("b\0c"), [0x02, 0x61, 0, 4, 0, 0, 0, 0x62, 0, 0x63, 0]),
    (.string("é😀"), [0x02, 0x61, 0, 7, 0, 0, 0, 0xC3, 0xA9, 0xF0, 0x9F, 0x98, 0x80, 0]),
    (.bool(true), [0x08, 0x61, 0, 1]),
    (.bool(false), [0x08, 0x61, 0, 0]),
    (.date(milliseconds: -1), [0x09, 0x61, 0, 255, 255, 255, 255, 255, 255, 255, 255]),
    (.binary([]), [0x05, 0x61, 0, 0, 0, 0, 0, 0]),
    (.binary([0, 255]), [0x05, 0x61, 0, 2, 0, 0, 0, 0, 0, 255]),
    (.null, [0x0A, 0x61, 0]),
    (.array([]), [0x04, 0x61, 0, 5, 0, 0, 0, 0]),
    (.array([.int32(10)]), [0x04, 0x61, 0, 12, 0, 0, 0, 0x10, 0x30, 0, 10, 0, 0, 0, 0]),
    (.document([:]), [0x03, 0x61, 0, 5, 0, 0, 0, 0]),
    (.document(["": .null]), [0x03, 0x61, 0, 7, 0, 0, 0, 0x0A, 0, 0]),
    (.objectID(oid), [0x07, 0x61, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
  ]

  static func framed(_ body: [UInt8]) -> [UInt8] {
    let length = UInt32(body.count + 5)
    return (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + body + [0]
  }

  /// A nested document with values of every kind.
  static let rich: BSONDocument = [
    "i": .int32(7), "l": .int64(.max), "d": 2.5, "s": "text\0with NUL", "t": true, "n": nil,
    "when": .date(milliseconds: 1_700_000_000_000), "b": .binary([1, 2, 3]), "o": .objectID(oid),
    "list": ["a", 2, ["deep": [nil, false]]], "doc": ["x": ["y": ["z": "end"]]],
  ]

  @Test("writes and reads every type", arguments: corpus)
  func everyType(value: BSONValue, body: [UInt8]) throws {
    let written = try BSONDocument.build { $0.append("a", value) }
    #expect(Array(written.bytes) == Self.framed(body))
    let read = try BSONDocument(Self.framed(body))
    try read.validate()
    #expect(try read.get("a").value() == value)
    #expect(read == written)
  }

  @Test("refuses other types by name when they are read, and passes over them")
  func unsupportedTypes() throws {
    let others: [(BSONType, [UInt8])] = [
      (.undefined, []), (.regularExpression, [0x61, 0, 0]), (.code, [1, 0, 0, 0, 0]),
      (.symbol, [1, 0, 0, 0, 0]),
      (.timestamp, [1, 2, 3, 4, 5, 6, 7, 8]), (.decimal128, Array(repeating: 0, count: 16)), (.minKey, []),
      (.maxKey, []), (.dbPointer, [1, 0, 0, 0, 0] + Array(repeating: 9, count: 12)),
      (.codeWithScope, [14, 0, 0, 0, 1, 0, 0, 0, 0, 5, 0, 0, 0, 0]),
    ]
    for (type, value) in others {
      let document = try BSONDocument(
        Self.framed([type.rawValue, 0x61, 0] + value + [0x10, 0x62, 0, 5, 0, 0, 0]))
      #expect(try document.get("b").int32() == 5)
      #expect(throws: BSONError.unsupportedType(type)) { try document.get("a").value() }
      #expect(throws: BSONError.unsupportedType(type)) { try document.get("a").string() }
      #expect(throws: BSONError.unsupportedType(type)) { try document.validate() }
    }
    let uuid = try BSONDocument(Self.framed([0x05, 0x61, 0, 1, 0, 0, 0, 4, 9]))
    #expect(throws: BSONError.unsupportedBinarySubtype(4)) { try uuid.get("a").binary() }
  }

  @Test("finds keys, the first of equal ones, and says what is missing or of another type")
  func lookup() throws {
    let document: BSONDocument = ["a": 1, "ab": 2, "": 3, "é": 4, "a": 5]
    #expect(try document.get("a").int64() == 1)
    #expect(try document.get("ab").int64() == 2)
    #expect(try document.get("").int64() == 3)
    #expect(try document.get("é").int64() == 4)
    #expect(try document.find("b") == nil)
    #expect(throws: BSONError.missingKey("b")) { try document.get("b") }
    #expect(throws: BSONError.typeMismatch(key: "ab", expected: .string, found: .int64)) {
      try document.get("ab").string()
    }
    #expect(throws: BSONError.typeMismatch(key: "a", expected: .int32, found: .int64)) {
      try document.get("a").int32()
    }
  }

  @Test("takes whole numbers of any type, and nothing else, as int64")
  func numbers() throws {
    let document: BSONDocument = [
      "i": .int32(-3), "d": 4.0, "half": 0.5, "huge": 1e300, "nan": .double(.nan),
    ]
    #expect(try document.get("i").int64() == -3)
    #expect(try document.get("d").int64() == 4)
    #expect(try document.get("i").double() == -3)
    for key in ["half", "huge", "nan"] {
      #expect(throws: BSONError.self) { try document.get(key).int64() }
    }
    let extremes: BSONDocument = [
      "a": .double(-0x1p63), "b": .double(0x1p63), "c": .double(.infinity), "d": .double(-.infinity),
      "e": .double(-0.0), "f": .int64(.min), "g": .int64(.max), "h": .double(.signalingNaN),
    ]
    #expect(try extremes.get("a").int64() == .min)
    #expect(try extremes.get("e").int64() == 0)
    #expect(try extremes.get("f").int64() == .min && extremes.get("g").int64() == .max)
    for key in ["b", "c", "d", "h"] { #expect(throws: BSONError.self) { try extremes.get(key).int64() } }
  }

  @Test("reads and writes UUIDs, and takes no other binary for one")
  func uuids() throws {
    let uuid = try #require(BSONUUID(Array(UInt8(0)..<16)))
    let written = try BSONDocument.build { $0.append("a", uuid) }
    #expect(Array(written.bytes) == Self.framed([0x05, 0x61, 0, 16, 0, 0, 0, 4] + uuid.bytes))
    #expect(try written.get("a").uuid() == uuid)
    #expect(throws: BSONError.unsupportedBinarySubtype(4)) { try written.get("a").binary() }
    #expect(BSONUUID([1, 2, 3]) == nil)
    let others: [(subtype: UInt8, count: UInt8)] = [(0, 16), (3, 16), (4, 15), (4, 0), (4, 17)]
    for (subtype, count) in others {
      let bytes = Array(repeating: UInt8(7), count: Int(count))
      let document = try BSONDocument(Self.framed([0x05, 0x61, 0, count, 0, 0, 0, subtype] + bytes))
      #expect(throws: BSONError.self) { try document.get("a").uuid() }
    }
  }

  @Test("refuses keys with NUL, too much depth and too many bytes when it writes")
  func writerLimits() throws {
    #expect(throws: BSONError.keyContainsNUL) { try BSONDocument.build { $0.append("a\0b", true) } }
    func nest(_ writer: inout BSONWriter, _ depth: Int) {
      if depth > 1 { writer.append("d") { (inner: inout BSONWriter) in nest(&inner, depth - 1) } }
    }
    let deepest = try BSONDocument.build { nest(&$0, BSONDocument.maximumDepth) }
    try deepest.validate()
    #expect(throws: BSONError.tooDeep) {
      try BSONDocument.build { nest(&$0, BSONDocument.maximumDepth + 1) }
    }
    let tooDeep: BSONDocument = ["d": .document(deepest)]
    #expect(throws: BSONError.tooDeep) { try tooDeep.validate() }
    let text = String(repeating: "x", count: BSONDocument.maximumSize)
    #expect(throws: BSONError.tooLarge) { try BSONDocument.build { $0.append("s", text) } }
  }

  @Test("writes in place what literals write")
  func nested() throws {
    let written = try BSONDocument.build { writer in
      writer.append(
        "list",
        array: { list in
          for index in 0..<12 { list.append(.int32(Int32(index))) }
          list.append { $0.append("x", "y") }
        })
      writer.append("doc", document: { $0.append("b", true) })
    }
    let literal: BSONDocument = [
      "list": .array(try BSONArray((0..<12).map { .int32(Int32($0)) } + [["x": "y"]])), "doc": ["b": true],
    ]
    #expect(written == literal)
  }

  @Test("every truncation is an error")
  func truncation() {
    let bytes = Array(Self.rich.bytes)
    for length in 0..<bytes.count {
      #expect(throws: BSONError.self) { try readAll(Array(bytes[..<length])) }
      // Also with an outer frame that appears to be complete.
      var framed = Array(bytes[..<length])
      guard length >= 5 else { continue }
      for shift in 0..<4 { framed[shift] = UInt8(truncatingIfNeeded: length >> (8 * shift)) }
      framed[length - 1] = 0
      walk(framed)
    }
    #expect(throws: BSONError.trailingBytes(offset: bytes.count)) { try BSONDocument(bytes + [0]) }
  }

  @Test("every flipped byte gives a value or an error, never a crash")
  func flips() {
    let bytes = Array(Self.rich.bytes)
    for offset in bytes.indices {
      for byte in UInt8.min...UInt8.max {
        var changed = bytes
        changed[offset] = byte
        walk(changed)
      }
    }
  }

  @Test("every flip in a length is an error", arguments: corpus)
  func lengths(value: BSONValue, body: [UInt8]) {
    let bytes = Self.framed(body)
    // The length of the document, and that of a value that has one: after the type and the key `a`.
    var offsets = Array(0..<4)
    switch value {
    case .string, .binary, .array, .document: offsets += Array(7..<11)
    default: break
    }
    for offset in offsets {
      for byte in UInt8.min...UInt8.max where byte != bytes[offset] {
        var changed = bytes
        changed[offset] = byte
        #expect(throws: BSONError.self, "byte \(offset) as \(byte)") { try readAll(changed) }
      }
    }
  }

  @Test("libbson reads what is written here, as JSON, and writes what is read here", arguments: corpus)
  func extendedJSON(value: BSONValue, body: [UInt8]) throws {
    let written = try BSONDocument.build { $0.append("a", value) }
    let text = try ExtendedJSON.text(of: written)
    #expect(text == "{ \"a\" : \(Self.json(value)) }")
    let read = try ExtendedJSON.document(text)
    #expect(Array(read.bytes) == Self.framed(body))
    #expect(try read.get("a").value() == value)
  }

  @Test("libbson and this module agree on a rich document")
  func richJSON() throws {
    #expect(try ExtendedJSON.document(ExtendedJSON.text(of: Self.rich)) == Self.rich)
  }

  /// Canonical Extended JSON, according to MongoDB's specification.
  private static func json(_ value: BSONValue) -> String {
    switch value {
    case .int32(let number): "{ \"$numberInt\" : \"\(number)\" }"
    case .int64(let number): "{ \"$numberLong\" : \"\(number)\" }"
    case .double(let number):
      "{ \"$numberDouble\" : \"\(number.isInfinite ? number < 0 ? "-Infinity" : "Infinity" : "\(number)")\" }"
    case .string(let text): "\"\(text.replacingOccurrences(of: "\0", with: "\\u0000"))\""
    case .bool(let flag): "\(flag)"
    case .date(let milliseconds): "{ \"$date\" : { \"$numberLong\" : \"\(milliseconds)\" } }"
    case .binary(let bytes):
      "{ \"$binary\" : { \"base64\" : \"\(Data(bytes).base64EncodedString())\", \"subType\" : \"00\" } }"
    case .null: "null"
    case .array(let array): array == [] ? "[  ]" : "[ { \"$numberInt\" : \"10\" } ]"
    case .document(let document): document == [:] ? "{  }" : "{ \"\" : null }"
    case .objectID(let id): "{ \"$oid\" : \"\(id)\" }"
    }
  }

  @Test("random damage gives a value or an error, never a crash")
  func mutations() {
    var random = SeededGenerator.printed("BSON mutations")
    let bytes = Array(Self.rich.bytes)
    for _ in 0..<20_000 {
      var changed = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let offset = Int.random(in: 0..<changed.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: changed[offset] = UInt8.random(in: 0...255, using: &random)
        case 1: changed.remove(at: offset)
        default: changed.insert(UInt8.random(in: 0...255, using: &random), at: offset)
        }
      }
      if Bool.random(using: &random), changed.count >= 5 {
        for shift in 0..<4 { changed[shift] = UInt8(truncatingIfNeeded: changed.count >> (8 * shift)) }
        changed[changed.count - 1] = 0
      }
      walk(changed)
    }
  }

  /// Reads everything: a document that `validate` accepts must be readable.
  private func walk(_ bytes: [UInt8]) {
    do {
      let document = try BSONDocument(bytes)
      let isValid = (try? document.validate()) != nil
      do {
        try read(document, depth: 0)
      } catch {
        #expect(!isValid, "what passes validation can be read: \(error)")
      }
    } catch {
      return
    }
  }

  private func readAll(_ bytes: [UInt8]) throws {
    let document = try BSONDocument(bytes)
    try document.validate()
    try read(document, depth: 0)
  }

  private func read(_ document: BSONDocument, depth: Int) throws {
    var reader = BSONReader(document)
    while let element = try reader.next() {
      _ = try element.key.string()
      switch try element.value() {
      case .document(let inner): try read(inner, depth: depth + 1)
      case .array(let inner): try read(inner.document, depth: depth + 1)
      default: break
      }
    }
  }
}
