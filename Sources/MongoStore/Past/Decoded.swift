import Inbox
import Locks
import Runtime

/// Decoded records by name, with the bytes that they were decoded from: the same bytes need not be decoded again. What
/// is kept can't be stale, since it is only used where the database has just returned the same bytes.
final class Decoded<Value: Sendable>: Sendable {
  private struct Entry {
    var bytes: [UInt8]
    var value: Value
  }

  // Held for a look-up, with a comparison of the bytes, or an entry.
  private let entries = Locked(RecentlyUsed<LogName, Entry>(capacity: 8 << 20))
  /// Fewer bytes are decoded sooner than found.
  private static var least: Int { 64 }

  /// The value of a record with these bytes.
  func value<E: Error>(
    of name: LogName, _ bytes: [UInt8], _ decode: ([UInt8]) throws(E) -> Value
  ) throws(E) -> Value {
    guard bytes.count >= Self.least else { return try decode(bytes) }
    let known = entries.withLock { entries in
      entries.use(name).flatMap { $0.bytes == bytes ? $0.value : nil }
    }
    if let known { return known }
    let value = try decode(bytes)
    // A range has about two bytes here, and 16 in the value.
    entries.withLock { $0.set(name, Entry(bytes: bytes, value: value), weight: 9 * bytes.count + 256) }
    return value
  }
}
