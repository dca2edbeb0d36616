import Inbox
import Locks
import Runtime

/// Remembers messages in their written form, above every store. A message never changes, so nothing here is
/// ever stale: the state of an inbox decides which messages are shown, and this cache is asked for no other.
///
/// Messages are kept in blocks of neighbours, since a page shows neighbours: it costs a look-up or two.
public final class WrittenMessages: Sendable {
  // Held for look-ups and entries, never while a store is read.
  private let cache: Locked<Cache>

  /// Creates a cache of at most `capacity` bytes; the blocks that were used least recently go first.
  public init(capacity: Int) {
    cache = Locked(Cache(blocks: RecentlyUsed(capacity: capacity)))
  }

  fileprivate struct Cache: Sendable {
    var blocks: RecentlyUsed<Place, Block>
    /// The past that all of this belongs to.
    var past = 0
    var hits = 0
    var misses = 0
  }

  fileprivate struct Place: Hashable {
    var log: LogName
    var index: Int
  }

  /// The messages with the numbers from `index << shift`, as far as they are known.
  fileprivate struct Block: Sendable {
    static let shift = 4
    /// About what a block takes beside its messages' bytes.
    static let overhead = 512
    /// What an array takes beside its elements.
    static let header = 32

    var slots = [WrittenMessage?](repeating: nil, count: 1 << shift)
    var weight = overhead
  }

  /// The cache in numbers.
  public struct Statistics: Sendable {
    /// The bytes that are held, and the most that may be.
    public var bytes, capacity: Int
    /// The blocks of messages that are held.
    public var entries: Int
    /// The messages that were asked for and known, and those that were not.
    public var hits, misses: Int
  }

  /// The present numbers.
  public var statistics: Statistics {
    cache.withLock { cache in
      Statistics(
        bytes: cache.blocks.weight, capacity: cache.blocks.capacity, entries: cache.blocks.count,
        hits: cache.hits, misses: cache.misses)
    }
  }

  /// Returns the messages with these numbers, ascending: those that are known, and those that `fetch` returns
  /// for the numbers that are not. `past` is that of the view that the numbers come from.
  public func messages(
    in log: LogName, past: Int, _ numbers: SequenceSet, _ fetch: (SequenceSet) throws -> [WrittenMessage]
  ) throws -> [WrittenMessage] {
    var found: [WrittenMessage] = []
    found.reserveCapacity(numbers.count)
    let missing = cache.withLock { $0.look(log, past, numbers, &found) }
    guard !missing.isEmpty else { return found }
    let fetched = try fetch(missing)
    cache.withLock { $0.enter(fetched, log, past) }
    guard !found.isEmpty else { return fetched }
    return (found + fetched).sorted { $0.seq < $1.seq }
  }

  /// Forgets a message that was removed.
  public func forget(_ message: MessageName) {
    cache.withLock { $0.forget(message) }
  }
}

extension WrittenMessages.Cache {
  /// Whether this is the past that is remembered; what was remembered of an earlier one goes.
  private mutating func remembers(_ past: Int) -> Bool {
    if past > self.past {
      blocks = RecentlyUsed(capacity: blocks.capacity)
      self.past = past
    }
    return past == self.past
  }

  /// Appends what is known of these numbers to `found`, and returns the others.
  fileprivate mutating func look(
    _ log: LogName, _ past: Int, _ numbers: SequenceSet, _ found: inout [WrittenMessage]
  ) -> SequenceSet {
    guard remembers(past) else { return numbers }
    var missing: [Int] = []
    var place = WrittenMessages.Place(log: log, index: -1)
    var block: WrittenMessages.Block?
    for span in numbers.spans {
      for seq in span.first...span.last {
        if seq >> WrittenMessages.Block.shift != place.index {
          place.index = seq >> WrittenMessages.Block.shift
          block = blocks.use(place)
        }
        if let message = block?.slots[WrittenMessages.Block.slot(seq)] {
          found.append(message)
        } else {
          missing.append(seq)
        }
      }
    }
    hits += found.count
    misses += missing.count
    return SequenceSet(numbers: missing)
  }

  fileprivate mutating func enter(_ messages: [WrittenMessage], _ log: LogName, _ past: Int) {
    guard remembers(past) else { return }
    var rest = messages[...]
    while let first = rest.first {
      let place = WrittenMessages.Place(log: log, index: first.seq >> WrittenMessages.Block.shift)
      var block = blocks.look(place) ?? WrittenMessages.Block()
      while let next = rest.first, next.seq >> WrittenMessages.Block.shift == place.index {
        block.set(next, at: next.seq)
        rest.removeFirst()
      }
      set(place, block)
    }
  }

  fileprivate mutating func forget(_ message: MessageName) {
    let place = WrittenMessages.Place(
      log: message.log, index: message.seq >> WrittenMessages.Block.shift)
    guard var block = blocks.look(place) else { return }
    block.set(nil, at: message.seq)
    set(place, block)
  }

  private mutating func set(_ place: WrittenMessages.Place, _ block: WrittenMessages.Block) {
    blocks.set(place, block, weight: block.weight)
  }
}

extension WrittenMessages.Block {
  /// The slot of a number.
  fileprivate static func slot(_ seq: Int) -> Int { seq & (1 << shift - 1) }

  fileprivate mutating func set(_ message: WrittenMessage?, at seq: Int) {
    let slot = Self.slot(seq)
    weight += Self.weight(message) - Self.weight(slots[slot])
    slots[slot] = message
  }

  /// The bytes of memory that a message takes: its array may have room for more than it holds.
  private static func weight(_ message: WrittenMessage?) -> Int {
    message.map { $0.bytes.capacity + header } ?? 0
  }
}
