import Inbox
import Locks
import Runtime

/// Remembers which messages of a log have a field. A log only grows, so matches up to a number stay true:
/// exact totals under a filter cost one index key for each match the first time, and later only the new
/// messages.
public final class MatchIndex: Sendable {
  // Held for a look-up or an entry, never while a store is read.
  private let entries: Locked<RecentlyUsed<Key, Entry>>

  /// Creates an index that keeps at most `capacity` ranges (16 bytes each); the least recently used go first.
  public init(capacity: Int = 262_144) {
    entries = Locked(RecentlyUsed(capacity: capacity))
  }

  private struct Key: Hashable {
    var log: LogName
    var field: MessageField
    var past: Int
  }

  private struct Entry {
    var numbers: SequenceSet
    var through: Int
  }

  /// The cost of an entry besides its ranges, counted in ranges: its key, and its places in the index.
  static let entryWeight = 32

  /// The numbers from 1 through `last` at which the log's messages have this field.
  func numbers(
    in log: LogName, where field: MessageField, through last: Int, _ reader: any StoreReader
  ) throws -> SequenceSet {
    let key = Key(log: log, field: field, past: reader.past)
    let known = entries.withLock { $0.use(key) }
    guard let known else {
      let numbers = try reader.numbers(in: log, where: field, from: 1, through: last)
      remember(numbers, through: last, key)
      return numbers
    }
    // A call with a view of the store that is older than the index needs only some of the known numbers.
    guard known.through < last else { return known.numbers.intersection(1, through: last) }
    var numbers = known.numbers
    numbers.formUnion(try reader.numbers(in: log, where: field, from: known.through + 1, through: last))
    remember(numbers, through: last, key)
    return numbers
  }

  private func remember(_ numbers: SequenceSet, through last: Int, _ key: Key) {
    entries.withLock { entries in
      guard last > entries.look(key)?.through ?? 0 else { return }
      entries.set(
        key, Entry(numbers: numbers, through: last), weight: numbers.spanCount + Self.entryWeight)
    }
  }
}

/// A reader that looks into a `MatchIndex` before it asks the store.
public struct IndexedReader: StoreReader {
  private let reader: any StoreReader
  private let index: MatchIndex

  /// Creates a reader that reads through `index`.
  public init(_ reader: any StoreReader, _ index: MatchIndex) {
    self.reader = reader
    self.index = index
  }

  /// See `StoreReader.past`.
  public var past: Int { reader.past }

  /// See `StoreReader.now`.
  public var now: Timestamp { get throws { try reader.now } }

  /// See `StoreReader.states`.
  public func states(of inboxes: [Inbox]) throws -> [InboxState] { try reader.states(of: inboxes) }

  /// See `StoreReader.messages`.
  public func messages(in log: LogName, _ numbers: SequenceSet) throws -> [Message] {
    try reader.messages(in: log, numbers)
  }

  /// See `StoreReader.times`.
  public func times(in log: LogName, _ numbers: [Int]) throws -> [Timestamp] {
    try reader.times(in: log, numbers)
  }

  /// See `StoreReader.tokens`.
  public func tokens(in log: LogName, _ numbers: [Int]) throws -> [UInt64] {
    try reader.tokens(in: log, numbers)
  }

  /// See `StoreReader.last`.
  public func last(in log: LogName, notAfter time: Timestamp) throws -> Int {
    try reader.last(in: log, notAfter: time)
  }

  /// See `StoreReader.numbers`.
  public func numbers(
    in log: LogName, where field: MessageField, from first: Int, through last: Int
  ) throws -> SequenceSet {
    try index.numbers(in: log, where: field, through: last, reader).above(first - 1)
  }
}
