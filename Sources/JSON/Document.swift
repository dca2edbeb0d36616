/// An entry of the index: a place in a text. A scalar has one entry; an array or object has two, followed by
/// the entries of its contents: a key, its value, the next key, and so on.
///
/// At 8 bytes an entry, the index of the densest text takes 16 bytes a value.
struct Entry {
  /// The offset of the value's first byte. The high bit is set in the first entry of an array or object.
  private let startAndMark: UInt32
  /// The meaning depends on the entry:
  /// - a string or number: the offset after its last byte, with its flag in the high bit;
  /// - the first entry of an array or object: the index of the entry after its last one, or, while it is
  ///   open, the index of its parent;
  /// - the second entry of an array or object: the offset after its last byte.
  private let other: UInt32

  private static var mark: UInt32 { 1 << 31 }

  /// Creates the entry of a string, a number, `true`, `false` or `null`.
  @inline(__always)
  init(start: Int, end: Int, flag: Bool) {
    startAndMark = UInt32(truncatingIfNeeded: start)
    other = UInt32(truncatingIfNeeded: end) | (flag ? Self.mark : 0)
  }

  /// Creates the first entry of an array or object.
  @inline(__always)
  init(containerStart: Int, link: Int) {
    startAndMark = UInt32(truncatingIfNeeded: containerStart) | Self.mark
    other = UInt32(truncatingIfNeeded: link)
  }

  /// Creates the second entry of an array or object.
  @inline(__always)
  init(count: Int, end: Int) {
    startAndMark = UInt32(truncatingIfNeeded: count)
    other = UInt32(truncatingIfNeeded: end)
  }

  @inline(__always) var start: Int { Int(startAndMark & ~Self.mark) }
  @inline(__always) var isContainer: Bool { startAndMark & Self.mark != 0 }
  @inline(__always) var end: Int { Int(other & ~Self.mark) }
  /// For a string, whether it has escapes; for a number, whether it has neither a fraction nor an exponent.
  @inline(__always) var flag: Bool { other & Self.mark != 0 }
  @inline(__always) var link: Int { Int(other) }
  /// The number of elements or members, in the second entry of an array or object.
  @inline(__always) var count: Int { Int(startAndMark) }
}

/// A parsed text and its index, in one allocation. It is immutable once parsing is over.
// Sendable although the buffer is not: only the parser writes to it, before it hands the document out.
struct Document: @unchecked Sendable {
  private let buffer: ManagedBuffer<Header, Entry>

  struct Header {
    let text: [UInt8]
    /// Whether the text has a number that not every reader of JSON can hold; see `unfitNumber`.
    var hasUnusualNumber = false
  }

  init(text: [UInt8], capacity: Int) {
    buffer = .create(minimumCapacity: capacity) { _ in Header(text: text) }
  }

  var text: [UInt8] { buffer.header.text }

  var hasUnusualNumber: Bool { buffer.header.hasUnusualNumber }

  /// Records that the text has such a number. Only the parser calls this, before it hands the document out.
  func noteUnusualNumber() { buffer.header.hasUnusualNumber = true }

  /// The address of the entries, valid as long as the document is kept.
  @inline(__always) var entries: UnsafeMutablePointer<Entry> {
    // A buffer's elements are stored in the object itself, and don't move.
    buffer.withUnsafeMutablePointerToElements { $0 }
  }

  @inline(__always)
  subscript(index: Int) -> Entry {
    // Indices come only from the parser, which filled these entries.
    buffer.withUnsafeMutablePointerToElements { $0[index] }
  }

  /// The index of the entry after a whole value.
  @inline(__always)
  func index(after index: Int) -> Int {
    let entry = self[index]
    return entry.isContainer ? entry.link : index &+ 1
  }

  /// The offset after a value's last byte.
  @inline(__always)
  func end(of index: Int) -> Int {
    let entry = self[index]
    return entry.isContainer ? self[index &+ 1].end : entry.end
  }

  /// Calls `body` with the address of the text, which is never empty.
  @inline(__always)
  func withText<R>(_ body: (UnsafePointer<UInt8>) throws -> R) rethrows -> R {
    try buffer.withUnsafeMutablePointerToHeader { header in
      try header.pointee.text.withUnsafeBufferPointer { bytes in
        guard let base = bytes.baseAddress else { preconditionFailure("a document's text is never empty") }
        return try body(base)
      }
    }
  }
}
