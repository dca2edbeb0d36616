import CMongoC

/// The size and alignment of a `bson_t`, which libbson's code relies on.
///
/// Swift imports the struct with an alignment of 4, and pointers to it as opaque ones. So the memory is
/// allocated here by hand, and a `bson_t` never lives in a Swift variable.
private enum Record {
  static let size = 128
  static let alignment = 128
}

/// Owns a `bson_t` that libmongoc fills in.
struct BSONOwner: ~Copyable {
  private let memory: UnsafeMutableRawPointer

  /// Creates an empty document. A libmongoc function that initialises its reply may initialise it again.
  init() {
    memory = .allocate(byteCount: Record.size, alignment: Record.alignment)
    bson_init(OpaquePointer(memory))
  }

  deinit {
    bson_destroy(pointer)
    memory.deallocate()
  }

  /// The pointer for libmongoc; valid as long as the owner.
  var pointer: OpaquePointer { OpaquePointer(memory) }

  /// A copy of the document's bytes.
  var document: BSONDocument { BSONDocument(copying: pointer) }
}

extension BSONDocument {
  /// Copies a document of libbson's in one piece. libbson keeps the length and the terminator right.
  init(copying pointer: OpaquePointer) {
    let start = UnsafeRawPointer(bson_get_data(pointer).unsafelyUnwrapped)
    let count = Int32(littleEndian: start.loadUnaligned(as: Int32.self))
    self.init(trusted: Array(UnsafeRawBufferPointer(start: start, count: Int(count))))
  }

  /// Lends these bytes to libmongoc as a `bson_t`, which is valid only within `body`.
  func withBSON<R>(_ body: (OpaquePointer) throws -> R) rethrows -> R {
    try storage.withUnsafeBufferPointer { bytes in
      // A static bson_t owns nothing, so there is nothing to destroy.
      try withUnsafeTemporaryAllocation(byteCount: Record.size, alignment: Record.alignment) { raw in
        let record = OpaquePointer(raw.baseAddress.unsafelyUnwrapped)
        let isFramed = bson_init_static(record, bytes.baseAddress.unsafelyUnwrapped + lower, byteCount)
        precondition(isFramed, "a BSONDocument has a checked frame")
        return try body(record)
      }
    }
  }

  /// Calls `body` as ``withBSON(_:)`` does, or with a null pointer for nil.
  static func withOptional<R>(_ document: BSONDocument?, _ body: (OpaquePointer?) throws -> R) rethrows -> R {
    guard let document else { return try body(nil) }
    return try document.withBSON(body)
  }
}

/// Many documents in the form that libmongoc takes: an array of pointers to `bson_t` over one copy of the
/// bytes.
struct BSONBatch: ~Copyable {
  private let bytes: UnsafeMutablePointer<UInt8>
  private let records: UnsafeMutableRawPointer
  /// The table of pointers; valid as long as the batch.
  let pointers: UnsafeMutablePointer<OpaquePointer?>
  let count: Int

  init(_ documents: [BSONDocument]) {
    count = documents.count
    bytes = .allocate(capacity: documents.reduce(1) { $0 + $1.byteCount })
    records = .allocate(byteCount: Record.size * (count + 1), alignment: Record.alignment)
    pointers = .allocate(capacity: count + 1)
    var start = bytes
    for (index, document) in documents.enumerated() {
      document.storage.withUnsafeBufferPointer {
        start.initialize(from: $0.baseAddress.unsafelyUnwrapped + document.lower, count: document.byteCount)
      }
      let record = OpaquePointer(records + index * Record.size)
      let isFramed = bson_init_static(record, start, document.byteCount)
      precondition(isFramed, "a BSONDocument has a checked frame")
      (pointers + index).initialize(to: record)
      start += document.byteCount
    }
  }

  deinit {
    pointers.deallocate()
    records.deallocate()
    bytes.deallocate()
  }
}
