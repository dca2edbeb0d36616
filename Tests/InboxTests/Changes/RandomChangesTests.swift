import Caches
import InboxSupport
import Locks
import MemoryStore
import Seeds
import Testing

@testable import Inbox

/// A follower that reads the changes, at random moments and a few at a time, always ends with the state of
/// the inbox itself.
@Suite struct RandomChangesTests {
  static let seeds = (0..<10).map { _ in UInt64.random(in: 0...UInt64.max) }

  /// The knowledge of a host that reads only the changes.
  struct Follower {
    var cursor: ChangeCursor
    var known: [MessageName: Message] = [:]
    var removed: Set<MessageName> = []
    var counts: InboxState.Counts?

    mutating func take(_ changes: Changes, _ inbox: Inbox) {
      for change in changes.changes {
        switch change.event {
        case .created(let entry):
          let name = MessageName(log: inbox.log(entry.side), seq: entry.message.seq)
          #expect(known[name] == nil && !removed.contains(name), "a message came twice, or after its removal")
          known[name] = entry.message
        case .removed(let name, _):
          // One that was retracted before its turn came was never there.
          known[name] = nil
          #expect(removed.insert(name).inserted, "a removal came twice")
        case .marked: break
        }
        counts = change.counts
        // Without marks, the numbers at each event are those of the known messages.
        #expect(change.counts.total == known.count)
      }
      cursor = changes.cursor
    }
  }

  @Test(arguments: seeds) func missesNothingAndSeesNothingTwice(_ seed: UInt64) async throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let store = MemoryStore(clock: { 1_000 })
    let inbox = Inbox(user: "u0", team: "blue")
    var follower = Follower(cursor: try await store.read { try ChangeCursor($0.state(of: inbox), $0) })
    var sent: [MessageName] = []
    for _ in 0..<300 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<6:
        let log = inbox.log(Bool.random(using: &random) ? .shared : .own)
        let seq = try await store.append(Draft(body: MessageBody(type: "a")), to: [log])[0].seq
        sent.append(MessageName(log: log, seq: seq))
      case 6:
        if let name = sent.randomElement(using: &random) { _ = try await store.retract(name) }
      default:
        let (cursor, limit) = (follower.cursor, Int.random(in: 1...5, using: &random))
        let changes = try await store.read { reader in
          try reader.state(of: inbox).changes(since: cursor, limit: limit, reader)
        }
        #expect(ChangeCursor(text: changes.cursor.text) == changes.cursor)
        // A host may stop after any change and continue from the cursor of that change.
        let stop = changes.changes.indices.randomElement(using: &random)
        if let stop, Bool.random(using: &random) {
          let part = Array(changes.changes[...stop])
          follower.take(Changes(changes: part, cursor: part.last!.cursor, more: true), inbox)
        } else {
          follower.take(changes, inbox)
        }
      }
    }
    var more = true
    while more {
      let cursor = follower.cursor
      let changes = try await store.read { reader in
        try reader.state(of: inbox).changes(since: cursor, limit: 7, reader)
      }
      follower.take(changes, inbox)
      more = changes.more
    }
    let page = try await store.read { try PageQuery(inbox: inbox, size: 1000).page($0) }
    #expect(Set(follower.known.values) == Set(page.entries.map(\.message)))
    #expect(follower.counts?.total ?? 0 == page.total)
  }

  /// The counts of each change, made step by step, are those of the whole state at that moment.
  @Test(arguments: seeds) func countsAreThoseOfTheStateAtEachChange(_ seed: UInt64) async throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let inbox = Inbox(user: "u0", team: "blue")
    func some(_ top: Int) -> SequenceSet {
      SequenceSet(
        numbers: (0..<Int.random(in: 0...top, using: &random)).map { _ in
          Int.random(in: 1...top, using: &random)
        })
    }
    for _ in 0..<60 {
      let store = MemoryStore(clock: { 1_000 })
      var sent: [MessageName] = []
      func send(_ count: Int) async throws {
        for _ in 0..<count {
          let log = inbox.log(Bool.random(using: &random) ? .shared : .own)
          let body = MessageBody(type: "a", sender: Bool.random(using: &random) ? "u0" : "u1")
          let seq = try await store.append(Draft(body: body), to: [log])[0].seq
          sent.append(MessageName(log: log, seq: seq))
        }
      }
      func retract(_ count: Int) async throws {
        for name in sent.shuffled(using: &random).prefix(count) { _ = try await store.retract(name) }
      }
      try await send(20)
      try await retract(4)
      let before = try await store.read { try ChangeCursor($0.state(of: inbox), $0) }
      try await retract(Int.random(in: 0...8, using: &random))
      try await send(Int.random(in: 0...9, using: &random))
      try await retract(Int.random(in: 0...3, using: &random))
      var after = try await store.read { try $0.state(of: inbox) }
      switch Int.random(in: 0..<4, using: &random) {
      case 0:
        after.marks.membership = Membership(standing: .left, closed: some(20), since: 0)
      case 1:
        let closed = some(9)
        after.marks.membership = Membership(standing: .member, closed: closed, since: (closed.last ?? 0) + 3)
      default: break
      }
      for side in Inbox.Side.allCases {
        after.marks[side].read = some(25)
        after.marks[side].seen = some(25)
        after.marks[side].archived = some(12)
        after.marks[side].deleted = some(6)
      }
      let state = after
      let changes = try await store.read { try state.changes(since: before, limit: 6, $0) }
      for change in changes.changes {
        var then = state
        for side in Inbox.Side.allCases {
          let record = state.log(side).record
          let left = record.retractionCount - change.cursor[side].retractions
          let pending = SequenceSet(numbers: record.newestRetractions.suffix(left))
          switch side {
          case .shared:
            then.shared.head = change.cursor.shared.seq
            then.shared.record.retracted.subtract(pending)
          case .own:
            then.own.head = change.cursor.own.seq
            then.own.record.retracted.subtract(pending)
          }
        }
        #expect(change.counts == then.counts, "seed \(seed)")
      }
    }
  }

  /// A record of many ranges costs a follower one pass, and the deadline is checked during it.
  @Test func aLargeRecordIsCountedStepByStep() async throws {
    let inbox = Inbox(user: "u0", team: "blue")
    var state = InboxState(inbox: inbox)
    state.shared.head = 1_000_001
    let reader = NumberReader()
    let cursor = try ChangeCursor(state, reader)
    state.shared.record.retracted = SequenceSet(numbers: stride(from: 2, through: 998_000, by: 2))
    for seq in stride(from: 998_002, through: 1_000_000, by: 2) {
      let isNew = state.shared.record.retract(seq)
      #expect(isNew)
    }
    let present = state
    let checks = Locked(0)
    let changes = try present.changes(since: cursor, limit: 5, reader) { checks.withLock { $0 += 1 } }
    #expect(changes.changes.count == 1_000)
    #expect(changes.changes.last?.counts.total == 1_000_001 - 500_000)
    #expect(checks.withLock { $0 } > 1_000)
    struct Over: Error {}
    #expect(throws: Over.self) { try present.changes(since: cursor, limit: 5, reader) { throw Over() } }
  }

  @Test func marksComeAsOneChange() async throws {
    let store = MemoryStore()
    let inbox = Inbox(user: "u0", team: "blue")
    _ = try await store.append(Draft(body: MessageBody(type: "a")), to: [.team("blue")])
    let cursor = try await store.read { try ChangeCursor($0.state(of: inbox), $0) }
    for flag in [MarkChange.Flag.read, .seen, .archived] {
      _ = try await store.change(marksOf: inbox) { try MarkChange(flag, .all).apply(to: &$1, $0) }
    }
    let changes = try await store.read { try $0.state(of: inbox).changes(since: cursor, limit: 5, $0) }
    #expect(changes.changes.map(\.event) == [.marked])
    #expect(changes.changes[0].counts.total == 0)
    let again = try await store.read {
      try $0.state(of: inbox).changes(since: changes.cursor, limit: 5, $0)
    }
    #expect(again.changes.isEmpty && !again.more)
  }

  @Test func anOldCursorExpires() async throws {
    let store = MemoryStore()
    let inbox = Inbox(user: "u0")
    for _ in 0...LogRecord.retractionsKept {
      _ = try await store.append(Draft(body: MessageBody(type: "a")), to: [.everyone])
    }
    let cursor = try await store.read { try ChangeCursor($0.state(of: inbox), $0) }
    for seq in 1...LogRecord.retractionsKept + 1 {
      #expect(try await store.retract(MessageName(log: .everyone, seq: seq)))
    }
    await #expect(throws: ChangeCursorExpired.self) {
      _ = try await store.read { try $0.state(of: inbox).changes(since: cursor, limit: 5, $0) }
    }
    // Also a cursor from ahead of this store, as after restoring a backup.
    let other = MemoryStore()
    await #expect(throws: ChangeCursorExpired.self) {
      _ = try await other.read { try $0.state(of: inbox).changes(since: cursor, limit: 5, $0) }
    }
  }
}
