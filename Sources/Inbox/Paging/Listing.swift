/// A whole listing as numbers: the messages of both logs, in parts and with a direction. Pages, cursors and
/// totals are arithmetic on it.
///
/// A class, so that a page and its listing are handed on without a copy of the state.
final class Listing: Sendable {
  let query: PageQuery
  /// The messages of each part of the listing.
  let parts: [Part]
  /// The heads of both logs when the listing began.
  let heads: Cursor.Position
  /// The messages in the parts before the last one, as the first page decided.
  let earlier: EarlierParts
  let state: InboxState
  /// The read messages on each side, whether marked or sent by the reader.
  let read: Part
  let oldestFirst: Bool
  let total: Int
  let count: Int

  struct Part: Hashable, Sendable, TwoSided {
    var shared: SequenceSet
    var own: SequenceSet

    var count: Int { shared.count + own.count }

    func subtracting(_ other: Part) -> Part {
      Part(shared: shared.subtracting(other.shared), own: own.subtracting(other.own))
    }
  }

  /// A place in a part: the number on each side after which the part continues.
  struct Place: Hashable, Sendable {
    var part: Int
    var position: Cursor.Position
  }

  init(_ query: PageQuery, _ state: InboxState, _ reader: any StoreReader) throws {
    self.query = query
    self.state = state
    oldestFirst = query.order == .oldest
    var heads = Cursor.Position(shared: state.shared.head, own: state.own.head)
    if case .cursor(let cursor) = query.start { heads = cursor.heads }
    self.heads = heads

    func members(_ side: Inbox.Side) throws -> SequenceSet {
      let members = state.members(of: query.view, side)
      guard !query.filter.isEmpty, !members.isEmpty else { return members }
      return members.intersection(
        try query.filter.matches(in: query.inbox.log(side), through: state.log(side).head, reader))
    }
    let whole = Part(shared: try members(.shared), own: try members(.own))
    read = Part(shared: state.read(.shared), own: state.read(.own))
    total = whole.count
    count =
      total - whole.shared.countIntersecting(read.shared) - whole.own.countIntersecting(read.own)
    if case .cursor(let cursor) = query.start {
      earlier = cursor.earlier
    } else if query.order == .unreadFirst {
      earlier = EarlierParts([whole.subtracting(read)], heads)
    } else {
      earlier = EarlierParts()
    }
    parts = earlier.split(whole)
  }

  /// The beginning of a part.
  func place(part: Int) -> Place {
    let position =
      oldestFirst
      ? Cursor.Position(shared: 0, own: 0)
      : Cursor.Position(shared: heads.shared + 1, own: heads.own + 1)
    return Place(part: part, position: position)
  }

  func place(_ cursor: Cursor) -> Place { Place(part: cursor.part, position: cursor.position) }

  /// The numbers of one side after a place.
  private func numbers(_ side: Inbox.Side, after place: Place) -> SequenceSet {
    let numbers = parts[place.part][side]
    let position = place.position[side]
    return oldestFirst ? numbers.above(position) : numbers.below(position)
  }

  /// The number of messages after a place in its part.
  func rest(of place: Place) -> Int {
    numbers(.shared, after: place).count + numbers(.own, after: place).count
  }

  /// The next messages of one part, at most `limit`.
  @specialized(where Item == WrittenMessage)
  func take<Item: Listed>(
    _ limit: Int, at place: Place, from source: PageQuery.Source<Item>
  ) throws -> [Entry<Item>] {
    let shared = try messages(.shared, limit, after: place, source)
    let own = try messages(.own, limit, after: place, source)
    let taken = min(limit, shared.count + own.count)
    var (nextShared, nextOwn) = (0, 0)
    var entries: [Entry<Item>] = []
    entries.reserveCapacity(taken)
    while entries.count < taken {
      let (atShared, atOwn) = (index(nextShared, of: shared.count), index(nextOwn, of: own.count))
      let isShared =
        nextOwn == own.count
        || nextShared < shared.count && sharedComesFirst(shared[atShared].time, own[atOwn].time)
      if isShared {
        entries.append(entry(shared[atShared], .shared, part: place.part))
        nextShared += 1
      } else {
        entries.append(entry(own[atOwn], .own, part: place.part))
        nextOwn += 1
      }
    }
    return entries
  }

  /// Where the message is that comes after `taken` others, among `count` that ascend.
  @inline(__always)
  private func index(_ taken: Int, of count: Int) -> Int {
    oldestFirst ? taken : count - 1 - taken
  }

  /// The next messages of one side, ascending.
  @specialized(where Item == WrittenMessage)
  private func messages<Item: Listed>(
    _ side: Inbox.Side, _ limit: Int, after place: Place, _ source: PageQuery.Source<Item>
  ) throws -> [Item] {
    let rest = numbers(side, after: place)
    guard !rest.isEmpty else { return [] }
    let next = oldestFirst ? rest.oldest(limit) : rest.newest(limit)
    let messages = try source(state.inbox.log(side), next)
    guard messages.count == next.count else {
      throw StoreError.damaged("a log lacks \(next.count - messages.count) of \(next.count) messages")
    }
    return messages
  }

  @inline(__always)
  private func entry<Item: Listed>(_ message: Item, _ side: Inbox.Side, part: Int) -> Entry<Item> {
    Entry(
      side: side, message: message, read: read[side].contains(message.seq),
      seen: state.marks[side].seen.contains(message.seq),
      archived: state.marks[side].archived.contains(message.seq), part: part)
  }

  /// Orders messages of the two logs by time; at equal times the shared log's message is the older.
  private func sharedComesFirst(_ shared: Timestamp, _ own: Timestamp) -> Bool {
    oldestFirst ? shared <= own : shared > own
  }
}

extension Listing {
  /// The place after the first `offset` messages of the listing.
  func place(offset: Int, _ reader: any StoreReader) throws -> Place {
    var (part, offset) = (0, offset)
    while part + 1 < parts.count, offset >= parts[part].count {
      offset -= parts[part].count
      part += 1
    }
    var place = place(part: part)
    let shared = try sharedAmongFirst(offset, of: parts[part], reader)
    advance(&place, .shared, by: shared)
    advance(&place, .own, by: offset - shared)
    return place
  }

  private func advance(_ place: inout Place, _ side: Inbox.Side, by taken: Int) {
    guard taken > 0 else { return }
    place.position[side] = number(taken - 1, in: parts[place.part][side])
  }

  /// The number at an index in the listing's direction.
  private func number(_ index: Int, in set: SequenceSet) -> Int {
    set.select(oldestFirst ? index : set.count - 1 - index)
  }

  /// The number of messages of the shared log among the first `offset` of a part: a rank search in two sorted
  /// runs, several points for each command, so that two full logs of a million messages cost five rounds.
  private func sharedAmongFirst(
    _ offset: Int, of part: Part, _ reader: any StoreReader
  ) throws -> Int {
    var low = max(0, offset - part.own.count)
    var high = min(offset, part.shared.count)
    while low < high {
      let step = max(1, (high - low) / Self.pointsPerRound)
      let probes = Array(stride(from: low, to: high, by: step))
      let shared = try reader.times(
        in: state.inbox.shared, probes.map { number($0, in: part.shared) })
      let own = try reader.times(
        in: state.inbox.own, probes.map { number(offset - $0 - 1, in: part.own) })
      // The condition holds up to some probe and for none after it: the shared message at `probe` comes
      // before the last own one that would fill the rest. If so, more messages of the shared log belong to
      // the first `offset`.
      for (index, probe) in probes.enumerated() {
        guard sharedComesFirst(shared[index], own[index]) else {
          high = probe
          break
        }
        low = probe + 1
      }
    }
    return low
  }

  private static let pointsPerRound = 16
}
