import Inbox
import Locks
import Runtime

/// Remembers which messages of a log have a field. A log only grows, so matches up to a number stay true:
/// exact totals under a filter cost one index key for each match the first time, and later only the new
/// messages.
public final class MatchIndex: Sendable {
  // Held for a look-up or an entry, never while a store is read.
  private let entries: Locked<RecentlyUsed<Key, Matches>>

  /// Creates an index that keeps at most `capacity` ranges (16 bytes each); the least recently used go first.
  public init(capacity: Int = 262_144) {
    entries = Locked(RecentlyUsed(capacity: capacity))
  }

  /// The messages that are remembered: those of one log, in one past, with one field.
  public struct Key: Hashable, Sendable {
    private let log: LogName
    private let field: MessageField
    private let past: Int

    /// The key of a log's messages with a field; `past` is that of the reader that looked.
    public init(_ log: LogName, _ field: MessageField, past: Int) {
      self.log = log
      self.field = field
      self.past = past
    }
  }

  /// All matches after one number, through another one.
  public struct Matches: Sendable {
    /// The number after which they are known.
    public var after: Int
    /// The number up to which they are known.
    public var through: Int
    /// The matches in between.
    public var numbers: SequenceSet

    /// Creates matches; without numbers, nothing is known beyond `after`.
    public init(after: Int, through: Int? = nil, numbers: SequenceSet = SequenceSet()) {
      self.after = after
      self.through = through ?? after
      self.numbers = numbers
    }
  }

  /// The cost of an entry besides its ranges, counted in ranges: its key, and its places in the index.
  static let entryWeight = 32

  /// The known matches after a number; they may reach beyond the end of an older view of the log.
  public func matches(_ key: Key, after first: Int) -> Matches {
    guard let known = entries.withLock({ $0.use(key) }), known.after <= first, known.through > first else {
      return Matches(after: first)
    }
    return Matches(after: first, through: known.through, numbers: known.numbers.above(first))
  }

  /// The number up to which matches are known.
  public func through(_ key: Key) -> Int? { entries.withLock { $0.look(key)?.through } }

  /// Remembers matches, unless others are known that reach farther. They must be of committed messages: what a
  /// write transaction reads may be rolled back, and its numbers used again.
  public func remember(_ matches: Matches, _ key: Key) {
    entries.withLock { entries in
      if let known = entries.look(key) {
        let isBetter =
          matches.through > known.through
          || matches.through == known.through && matches.after < known.after
        guard isBetter else { return }
      }
      entries.set(key, matches, weight: matches.numbers.spanCount + Self.entryWeight)
    }
  }

  /// The matches after `first` through `last`: `read` finds those in a range of numbers that are not known.
  /// Remembers them if there are at least `atLeast`.
  public func matches<Failure: Error>(
    _ key: Key, after first: Int, through last: Int, atLeast: Int = 0,
    _ read: (_ first: Int, _ last: Int) throws(Failure) -> SequenceSet
  ) throws(Failure) -> SequenceSet {
    var known = matches(key, after: first)
    // A call with a view of the store that is older than the index needs only some of the known numbers.
    guard known.through < last else { return known.numbers.intersection(1, through: last) }
    known.numbers.formUnion(try read(known.through + 1, last))
    known.through = last
    if known.numbers.count >= atLeast { remember(known, key) }
    return known.numbers
  }
}

/// A reader that looks into a `MatchIndex` before it asks the store.
public struct IndexedReader: ForwardingReader {
  /// The reader of the store.
  public let reader: any StoreReader
  private let index: MatchIndex

  /// Creates a reader that reads through `index`.
  public init(_ reader: any StoreReader, _ index: MatchIndex) {
    self.reader = reader
    self.index = index
  }

  /// See `StoreReader.numbers`.
  public func numbers(
    in log: LogName, where field: MessageField, from first: Int, through last: Int
  ) throws -> SequenceSet {
    try index.matches(.init(log, field, past: reader.past), after: 0, through: last) {
      try reader.numbers(in: log, where: field, from: $0, through: $1)
    }.above(first - 1)
  }
}
