import Inbox
import MemoryStore
import Seeds

/// All that a store holds, apart from what is random in it.
struct Everything: Equatable {
  var entries: [LogName: [LogEntry]] = [:]
  var tokens: [LogName: [UInt64]] = [:]
  var states: [InboxState] = []
  var records: [LogName: LogRecord] = [:]
}

extension MessageStore {
  func everything() async throws -> Everything {
    try await read { reader in
      var all = Everything()
      for log in try reader.logs(after: nil, limit: 1000) {
        let state = try reader.logs([log])[0]
        let entries = try reader.entries(in: log, from: 1, limit: 100_000)
        all.entries[log] = entries
        all.tokens[log] = entries.map(\.message.token)
        all.records[log] = state.record
      }
      all.states = try reader.states(of: try reader.inboxes(after: nil, limit: 1000))
      return all
    }
  }

  /// What readers see.
  func pages() async throws -> [String] {
    let inboxes = try await read { try $0.inboxes(after: nil, limit: 1000) }
    var pages: [String] = []
    for inbox in inboxes {
      for view in View.allCases {
        let query = PageQuery(inbox: inbox, view: view, size: 5, start: .page(number: 2))
        pages.append(
          try await read { reader in
            let page = try query.page(reader)
            return "\(page.total) \(page.count) \(page.entries) \(page.state.counts)"
          })
      }
    }
    return pages
  }

  /// The marks of somebody who set a flag.
  func marks(_ flag: MarkChange.Flag, through last: Int) async throws -> Marks {
    let memory = MemoryStore(clock: { 1 })
    for _ in 0..<last { _ = try await memory.append(draft()) }
    _ = try await memory.mark(flag, in: bob)
    return try await memory.state(of: bob).marks
  }

  /// What this store holds, in pieces of some messages or marks.
  func pieces(of size: Int) async throws -> [[Restored]] {
    let all = try await everything()
    var items: [Restored] = []
    for (log, entries) in all.entries.sorted(by: { $0.key < $1.key }) {
      for start in stride(from: 0, to: entries.count, by: size) {
        items.append(.entries(log, Array(entries[start..<min(start + size, entries.count)])))
      }
      if let record = all.records[log], record != LogRecord() { items.append(.record(log, record)) }
    }
    items += all.states.map { .marks($0.inbox, $0.marks) }
    return stride(from: 0, to: items.count, by: 3).map { Array(items[$0..<min($0 + 3, items.count)]) }
  }

  /// Sends, marks and retracts at random.
  func fill(_ random: inout SeededGenerator, _ clock: ManualClock, retracts: Bool = true) async throws {
    let users: [Text] = ["ann", "bob", "c\0d", "\u{E9}"]
    for step in 0..<150 {
      clock.set(Timestamp(step / 3))
      let inbox = Inbox(
        user: users.randomElement(using: &random)!, team: [nil, "t", "u\0"].randomElement(using: &random)!)
      let log = Bool.random(using: &random) ? inbox.own : inbox.shared
      switch Int.random(in: 0..<8, using: &random) {
      case 0:
        let head = try await read { try $0.logs([log])[0].head }
        guard head > 0, retracts else { continue }
        _ = try await retract(MessageName(log: log, seq: .random(in: 1...head, using: &random)))
      case 1...2:
        let flags: [MarkChange.Flag] = [.read, .unread, .seen, .archived, .deleted]
        let change = MarkChange(flags.randomElement(using: &random)!, .all)
        _ = try await self.change(marksOf: inbox) { reader, state in try change.apply(to: &state, reader) }
      case 3:
        let joins = Bool.random(using: &random)
        try await change(marksOf: inbox) { _, state in
          if joins { state.join(from: .now) } else { state.leave() }
        }
      default:
        let body = MessageBody(
          type: "note", sender: users.randomElement(using: &random), username: "n\0", teamName: "\u{FEFF}",
          receiver: users.randomElement(using: &random), content: "\(step)\0\n", data: "{\"a\" : 1.0 }")
        let key: Text? = Bool.random(using: &random) ? Text("key \(step)") : nil
        _ = try await append(
          Draft(body: body, key: key, digest: key == nil ? [] : Operation.digest(body)), to: [log])
      }
    }
  }
}
