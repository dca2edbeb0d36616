import Inbox
import MemoryStore
import Seeds
import Testing

/// What one store held is put into another one.
struct RestoreContract {
  /// Listings, counts, marks, keys and tokens are what they were, whatever the size of the pieces.
  @Test(arguments: StoreUnderTest.allCases, [1, 7, 1000])
  func everythingIsAsItWas(_ kind: StoreUnderTest, size: Int) async throws {
    let clock = ManualClock()
    let source = MemoryStore(clock: clock.wallClock)
    var random = SeededGenerator(seed: UInt64(size))
    try await source.fill(&random, clock)
    let pieces = try await source.pieces(of: size)
    try await kind.run(clock: clock) { store in
      var counts = Restored.Counts()
      for piece in pieces {
        let new = try await store.restore(piece)
        counts.messages += new.messages
        counts.marks += new.marks
      }
      let (found, expected) = (try await store.everything(), try await source.everything())
      #expect(found == expected)
      #expect(counts.messages == expected.entries.values.reduce(0) { $0 + $1.count })
      #expect(counts.marks == expected.states.count)
      let pages = (try await store.pages(), try await source.pages())
      #expect(pages.0 == pages.1)

      // Every key holds, and another content for it is a conflict.
      for (log, entries) in expected.entries {
        for entry in entries where entry.key != nil {
          let draft = Draft(body: entry.message.body, key: entry.key, digest: entry.digest)
          let receipt = try await store.append(draft, to: log)
          #expect(receipt == Receipt(seq: entry.message.seq, time: entry.message.time, duplicate: true))
          let other = Draft(body: draft.body, key: draft.key, digest: [9, 9])
          await #expect(throws: StoreError.conflict(log)) { try await store.append(other, to: log) }
        }
        // An append goes on behind the last message, and is not before it.
        clock.set(0)
        let receipt = try await store.append(draft("next"), to: log)
        #expect(receipt.seq == entries.count + 1)
        #expect(receipt.time == max(0, entries.last?.message.time ?? 0))
      }
      // So does a change of marks.
      for state in expected.states {
        #expect(try await store.state(of: state.inbox).marks.version == state.marks.version)
        try await store.change(marksOf: state.inbox) { _, state in state.join(from: .start) }
      }
    }
  }

  /// What is there already is passed over: a run that was stopped anywhere is completed by another one.
  @Test(arguments: StoreUnderTest.allCases, [1, 2, 3] as [UInt64])
  func aStoppedRunIsCompleted(_ kind: StoreUnderTest, seed: UInt64) async throws {
    let source = MemoryStore(clock: { 1_000_000 })
    var random = SeededGenerator(seed: seed)
    try await source.fill(&random, ManualClock())
    let expected = try await source.everything()
    try await kind.run { store in
      for _ in 0..<3 {
        let pieces = try await source.pieces(of: .random(in: 1...20, using: &random))
        for piece in pieces.prefix(.random(in: 0...pieces.count, using: &random)) {
          _ = try await store.restore(piece)
        }
      }
      for piece in try await source.pieces(of: 50) { _ = try await store.restore(piece) }
      #expect(try await store.everything() == expected)
      var again = Restored.Counts()
      for piece in try await source.pieces(of: 50) {
        let new = try await store.restore(piece)
        (again.messages, again.records) = (again.messages + new.messages, again.records + new.records)
        again.marks += new.marks
      }
      #expect(again == Restored.Counts())
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func whatDoesNotFitIsRefusedWithItsLog(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      for n in 1...3 { _ = try await store.append(draft("\(n)", key: n == 2 ? "k" : nil)) }
      _ = try await store.mark(.read)
      let held = try await store.everything()
      let there = held.entries[team] ?? []
      let time = there.last?.message.time ?? 0
      func refused(
        _ items: [Restored], _ reason: Unfit.Reason, in log: LogName = team, _ line: Int = #line
      ) async {
        let error = await #expect(throws: StoreError.self, "line \(line)") {
          _ = try await store.restore(items)
        }
        #expect(error == .unfit(Unfit(log, reason)), "line \(line)")
      }
      func next(_ seq: Int, _ content: String = "x", at time: Timestamp, key: Text? = nil) -> LogEntry {
        LogEntry(
          Message(seq: seq, time: time, body: draft(content).body), isRetracted: false, key: key,
          digest: key == nil ? [] : Operation.digest(draft(content).body))
      }
      await refused([.entries(team, [next(5, at: time)])], .number(5))
      await refused([.entries(.team("new"), [next(2, at: time)])], .number(2), in: .team("new"))
      await refused([.entries(team, [next(4, at: time), next(6, at: time)])], .number(6))
      await refused([.entries(team, [next(4, at: time), next(4, at: time)])], .number(4))
      await refused([.entries(team, [next(3, at: time)])], .taken(3))
      await refused([.entries(team, [next(4, at: time - 1)])], .time(4))
      await refused([.entries(team, [next(4, at: time), next(5, at: time - 1)])], .time(5))
      await refused([.entries(team, [next(4, at: time, key: "k")])], .key(4))
      await refused([.entries(team, [next(4, at: time, key: "l"), next(5, at: time, key: "l")])], .key(5))
      var long = next(4, at: time)
      long.message.body.content = String(repeating: "x", count: 65_537)
      await refused([.entries(team, [long])], .message(4, "a message is longer than any"))
      for digest in [[], [1], [UInt8](repeating: 1, count: 33)] {
        var entry = next(4, at: time, key: "l")
        entry.digest = digest
        await refused([.entries(team, [entry])], .message(4, "a key's digest has not 32 bytes"))
      }
      // Retractions of messages that the log lacks, and a record without one that it has.
      var record = LogRecord()
      _ = record.retract(4)
      await refused([.record(team, record)], .record)
      await refused([.record(.everyone, record)], .record, in: .everyone)
      // Other marks, and marks of messages that the log lacks.
      let other = try await store.marks(.seen, through: 3)
      await refused([.marks(bob, other)], .otherMarks, in: bob.own)
      let cid = Inbox(user: "cid", team: "new")
      await refused([.marks(cid, other)], .marks, in: cid.own)
      // One that does not fit keeps the others of its call out.
      await refused(
        [.entries(team, [next(4, at: time)]), .marks(bob, other)], .otherMarks, in: bob.own)
      #expect(try await store.everything() == held)

      _ = try await store.retract(MessageName(log: team, seq: 1))
      await refused([.record(team, LogRecord())], .record)
      // The same, and what goes on, is taken.
      _ = try await store.restore([.entries(team, there + [next(4, at: time, key: "l")])])
      #expect(try await store.messages().count == 4)
    }
  }

  /// A retraction that comes later is entered, and clears what is left of the body.
  @Test(arguments: StoreUnderTest.allCases)
  func retractionsComeWithMessagesAndWithRecords(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      let entries = (1...5).map { seq in
        LogEntry(
          Message(seq: seq, time: 7, body: draft("\(seq)").body), isRetracted: seq == 2, key: nil, digest: [])
      }
      _ = try await store.restore([.entries(team, entries)])
      #expect(try await store.state(of: bob).shared.record.retracted == SequenceSet(2))
      var record = LogRecord()
      for seq in [4, 2, 1] { _ = record.retract(seq) }
      #expect(try await store.restore([.record(team, record)]).records == 1)
      #expect(try await store.state(of: bob).shared.record == record)
      #expect(try await store.messages().map(\.body.content) == [nil, nil, "3", nil, "5"])
      #expect(try await store.restore([.entries(team, entries), .record(team, record)]) == Restored.Counts())
    }
  }

  /// A record that comes with its messages clears those that don't say themselves that they were retracted.
  @Test(arguments: StoreUnderTest.allCases)
  func whatARecordRetractsIsCleared(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      let entries = (1...3).map { seq in
        LogEntry(
          Message(seq: seq, time: 7, body: draft("\(seq)").body), isRetracted: false, key: nil, digest: [])
      }
      var record = LogRecord()
      _ = record.retract(2)
      _ = try await store.restore([.entries(team, entries), .record(team, record)])
      #expect(try await store.everything().entries[team]?.map(\.message.body.content) == ["1", nil, "3"])
      let verdict = try await store.verify(
        Verification(MessageJudge(digest: Operation.digest, isData: { _ in true })))
      #expect(verdict.faults.isEmpty)
    }
  }

  /// Keys are found as a dry run asks for them.
  @Test(arguments: StoreUnderTest.allCases)
  func heldKeysAreFound(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      for (sender, key) in [("ann", "k"), (nil, "k"), ("bob", "l\0")] as [(Text?, Text)] {
        _ = try await store.append(draft(sender: sender, key: key))
      }
      let asked = ["ann", nil, "bob"].flatMap { sender in
        ["k", "l\0", "m"].map { SenderKey(sender: sender, key: $0) }
      }
      let held = try await store.read { try $0.held(asked, in: team) }
      #expect(
        held == [
          SenderKey(sender: "ann", key: "k"), SenderKey(sender: nil, key: "k"),
          SenderKey(sender: "bob", key: "l\0"),
        ])
      #expect(try await store.read { try $0.held(asked, in: .team("new")) } == [])
      #expect(try await store.read { try $0.held([], in: team) } == [])
    }
  }

  /// A log that begins at its tail, since retention has removed what was before.
  @Test(arguments: StoreUnderTest.allCases)
  func aLogBeginsAtItsTail(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      let entries = (4...6).map { seq in
        LogEntry(
          Message(seq: seq, time: 7, body: draft("\(seq)").body), isRetracted: false, key: nil, digest: [])
      }
      await #expect(throws: StoreError.unfit(Unfit(team, .number(5)))) {
        try await store.restore([.entries(team, [entries[1]], tail: 4)])
      }
      for _ in 0..<2 { _ = try await store.restore([.entries(team, entries, tail: 4)]) }
      let state = try await store.state(of: bob)
      #expect((state.shared.head, state.shared.record.tail) == (6, 4))
      #expect(state.counts.total == 3)
      #expect(try await store.everything().entries[team] == entries)
      #expect(try await store.append(draft()).seq == 7)
    }
  }

  /// Beside appends: each message has one number, and no number is left out.
  @Test(arguments: StoreUnderTest.allCases)
  func besideAppendsNothingIsLostOrDoubled(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      let entries = (1...60).map { seq in
        LogEntry(
          Message(seq: seq, time: 1_000_000, body: draft("restored").body), isRetracted: false, key: nil,
          digest: [])
      }
      async let restoring: Int = {
        for start in stride(from: 0, to: 60, by: 5) {
          do {
            _ = try await store.restore([.entries(team, Array(entries[start..<(start + 5)]))])
          } catch StoreError.unfit {
            return start
          }
        }
        return 60
      }()
      async let appending: [Int] = {
        var seqs: [Int] = []
        for n in 0..<10 { seqs.append(try await store.append(draft("\(n)")).seq) }
        return seqs
      }()
      let (restored, appended) = (try await restoring, try await appending)
      let messages = try await store.messages()
      #expect(messages.map(\.seq) == Array(1...(restored + appended.count)))
      #expect(messages.count { $0.body.content == "restored" } == restored)
      #expect(appended.allSatisfy { messages[$0 - 1].body.content != "restored" })
    }
  }
}
