/// A BSON document: a value over bytes.
///
/// Only the outer frame (length and terminator) is checked when a document is made; elements are checked when
/// they are read, so the unread parts of a reply cost nothing. ``validate()`` checks everything. A document
/// taken out of another one shares its bytes.
public struct BSONDocument: Sendable {
  /// The largest depth of nested documents, as in MongoDB.
  public static let maximumDepth = 100
  /// The size of the longest document that may be written: 16 MiB, plus the 16 KiB that MongoDB allows for
  /// the command around it.
  public static let maximumSize = 16 * 1024 * 1024 + 16 * 1024

  let storage: [UInt8]
  let lower: Int
  let upper: Int

  /// An empty document.
  public init() {
    self.init(trusted: [5, 0, 0, 0, 0])
  }

  /// The document in these bytes, which must be exactly one document.
  public init(_ bytes: [UInt8]) throws(BSONError) {
    guard bytes.count >= 4 else { throw .truncated(offset: bytes.count) }
    let length = BSONScanner.length(in: bytes.span.bytes, at: 0)
    guard length >= 5 else { throw .badLength(offset: 0) }
    guard length <= bytes.count else { throw .truncated(offset: bytes.count) }
    guard length == bytes.count else { throw .trailingBytes(offset: length) }
    guard bytes[length - 1] == 0 else { throw .missingTerminator(offset: length - 1) }
    self.init(trusted: bytes)
  }

  /// Creates a document from bytes that the writer made or `init(_:)` has checked.
  init(trusted bytes: [UInt8]) {
    self.init(storage: bytes, lower: 0, upper: bytes.count)
  }

  init(storage: [UInt8], lower: Int, upper: Int) {
    self.storage = storage
    self.lower = lower
    self.upper = upper
  }

  /// The document's bytes.
  public var bytes: ArraySlice<UInt8> { storage[lower..<upper] }

  /// The number of bytes.
  public var byteCount: Int { upper - lower }

  /// Whether the document is empty.
  public var isEmpty: Bool { byteCount == 5 }

  /// The first element with this key, or nil if there is none. Nothing is copied.
  public func find(_ key: String) throws(BSONError) -> BSONElement? {
    var reader = BSONReader(self)
    return try reader.skip(to: key)
  }

  /// The first element with this key; throws `missingKey` if there is none.
  public func get(_ key: String) throws(BSONError) -> BSONElement {
    guard let element = try find(key) else { throw .missingKey(key) }
    return element
  }

  /// Checks every byte: lengths, terminators, types, UTF-8, depth. A document that passes can be read whole.
  public func validate() throws(BSONError) {
    try BSONScanner.validate(storage.span.bytes, lower: lower, upper: upper, depth: 1)
  }

  /// Builds a document.
  ///
  ///     let filter = try BSONDocument.build { $0.append("log", name); $0.append("seq", number) }
  public static func build(
    capacity: Int = 256, _ body: (inout BSONWriter) throws -> Void
  ) throws -> BSONDocument {
    var writer = BSONWriter(capacity: capacity)
    try body(&writer)
    return try writer.finish()
  }
}

extension BSONDocument: Hashable {
  /// Whether the bytes are equal.
  public static func == (left: BSONDocument, right: BSONDocument) -> Bool {
    left.bytes == right.bytes
  }

  /// Hashes the bytes.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(bytes)
  }
}

extension BSONDocument: ExpressibleByDictionaryLiteral {
  /// Creates a document from a literal, in the literal's order: `["log": .string(name), "seq": 1]`.
  ///
  /// A key with a NUL and a literal that exceeds the limits are programming errors and trap; for keys from
  /// outside use ``BSONWriter``.
  public init(dictionaryLiteral elements: (String, BSONValue)...) {
    var writer = BSONWriter()
    for (key, value) in elements { writer.append(key, value) }
    do {
      self = try writer.finish()
    } catch {
      preconditionFailure("\(error)")
    }
  }
}

extension BSONDocument: CustomStringConvertible {
  /// The size only: contents do not belong in logs.
  public var description: String { "BSONDocument(\(byteCount) bytes)" }
}
