/// Text that equals another text only if their UTF-8 bytes are equal.
///
/// Swift's `String` compares by canonical equivalence, so an "é" typed as one scalar equals one typed as two.
/// Names must not: to every store and every host they are different users. The order is also that of the
/// bytes, by which the stores sort.
public struct Text: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
  /// The text as a string; compared as a string it follows Swift's rules.
  public let string: String

  /// The text of a string.
  public init(_ string: String) {
    var string = string
    string.makeContiguousUTF8()
    self.string = string
  }

  /// The text of these bytes; nil if they aren't valid UTF-8.
  public init?(utf8 bytes: UnsafeBufferPointer<UInt8>) {
    guard let string = String(validating: bytes, as: UTF8.self) else { return nil }
    self.string = string
  }

  /// The text of these bytes; nil if they aren't valid UTF-8.
  public init?(utf8 bytes: UnsafeRawBufferPointer) {
    guard let text = bytes.withMemoryRebound(to: UInt8.self, { Text(utf8: $0) }) else { return nil }
    self = text
  }

  /// The text of a literal.
  public init(stringLiteral value: String) {
    self.init(value)
  }

  /// The length in bytes.
  public var utf8Count: Int { string.utf8.count }

  /// The text as a string.
  public var description: String { string }

  /// Whether the bytes are equal.
  public static func == (a: Text, b: Text) -> Bool {
    a.utf8Count == b.utf8Count && a.withBytes { mine in b.withBytes { compare(mine, $0) == 0 } }
  }

  /// Whether the bytes of `a` are ordered before those of `b`.
  public static func < (a: Text, b: Text) -> Bool {
    a.withBytes { mine in b.withBytes { compare(mine, $0) < 0 } }
  }

  /// Hashes the bytes.
  public func hash(into hasher: inout Hasher) {
    withBytes { hasher.combine(bytes: $0) }
    // This byte never occurs in UTF-8: it keeps ("ab", "c") apart from ("a", "bc").
    hasher.combine(0xFF as UInt8)
  }

  private func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    guard let result = string.utf8.withContiguousStorageIfAvailable({ body(UnsafeRawBufferPointer($0)) })
    else { preconditionFailure("both initialisers make the string contiguous") }
    return result
  }

  /// Compares by bytes, eight at a time: the result is less than, equal to or more than 0.
  private static func compare(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
    let shared = min(a.count, b.count)
    var offset = 0
    while offset + 8 <= shared {
      // The offset is in bounds by the loop's condition; the loads need no alignment.
      let x = a.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      let y = b.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      if x != y { return x.bigEndian < y.bigEndian ? -1 : 1 }
      offset += 8
    }
    while offset < shared {
      if a[offset] != b[offset] { return a[offset] < b[offset] ? -1 : 1 }
      offset += 1
    }
    return a.count - b.count
  }
}
