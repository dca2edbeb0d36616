import Inbox
import Locks
import Testing

/// The numbers, times, keys and order of appended messages.
struct AppendContract {
  @Test(arguments: StoreUnderTest.allCases)
  func eachLogIsNumberedFromOne(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      for n in 1...5 { #expect(try await store.append(draft()).seq == n) }
      let other = LogName.account("bob")
      #expect(try await store.append(draft(), to: other).seq == 1)
      let both = try await store.append(draft(), to: [team, other, .everyone])
      #expect(both.map(\.seq) == [6, 2, 1])
      #expect(both.allSatisfy { !$0.duplicate })
      #expect(try await store.messages().map(\.seq) == Array(1...6))
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func timesNeverGoBackWithinALog(_ kind: StoreUnderTest) async throws {
    let clock = ManualClock()
    try await kind.run(clock: clock) { store in
      let times: [Timestamp] = [5000, 4000, 5000, 6000, 1, 7000]
      var stamped: [Timestamp] = []
      for time in times {
        clock.set(time)
        stamped.append(try await store.append(draft()).time)
      }
      #expect(stamped == [5000, 5000, 5000, 6000, 6000, 7000])
      #expect(try await store.messages().map(\.time) == stamped)
      clock.set(2)
      // Another log has a time of its own.
      #expect(try await store.append(draft(), to: .everyone).time == 2)
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func aThousandTasksLeaveNoHole(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      let seqs = try await withThrowingTaskGroup(of: Int.self) { group in
        for n in 1...1000 { group.addTask { try await store.append(draft("\(n)")).seq } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(seqs.sorted() == Array(1...1000))
      let messages = try await store.messages()
      #expect(messages.map(\.seq) == Array(1...1000))
      #expect(Set(messages.map(\.body.content)).count == 1000)
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func anAppendToManyLogsTellsHowFarItIs(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      let told = Locked<[Int]>([])
      let logs = (1...3000).map { LogName.account(Text("reader \($0)")) }
      let receipts = try await store.append(draft(), to: logs) { done in
        told.withLock { $0.append(done) }
      }
      #expect(receipts.count == 3000)
      let numbers = told.withLock { $0 }
      #expect(numbers.allSatisfy { (0...3000).contains($0) })
      // In memory, the call is done before there is any progress to report.
      if kind != .memory { #expect(numbers.contains { $0 > 0 && $0 < 3000 }) }
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func callsTakeEffectInTheOrderTheyWereStarted(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      var calls: [Task<Int, any Error>] = []
      for n in 1...300 {
        calls.append(
          Task.immediate {
            guard n.isMultiple(of: 3) else { return try await store.append(draft("\(n)")).seq }
            // A change sees the appends before it and not those after it.
            return try await store.change(marksOf: bob) { _, state in state.shared.head }
          })
      }
      var appended = 0
      for (index, call) in calls.enumerated() {
        if !(index + 1).isMultiple(of: 3) { appended += 1 }
        let seen = try await call.value
        #expect(seen == appended)
      }
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func aKeyAppendsOnce(_ kind: StoreUnderTest) async throws {
    let clock = ManualClock()
    try await kind.run(clock: clock) { store in
      clock.set(10)
      let first = try await store.append(draft("a", key: "k"))
      #expect(first == Receipt(seq: 1, time: 10, duplicate: false))
      clock.set(20)
      _ = try await store.append(draft("without a key"))
      let again = try await store.append(draft("a", key: "k"))
      #expect(again == Receipt(seq: 1, time: 10, duplicate: true))
      #expect(try await store.messages().count == 2)
      // A key belongs to its log, and is compared by its bytes.
      #expect(try await store.append(draft("a", key: "k"), to: .everyone).duplicate == false)
      #expect(try await store.append(draft("a", key: "K")).duplicate == false)
    }
  }

  /// Another sender's key reveals nothing and takes nothing: it has the same effect as if it did not exist.
  @Test(arguments: StoreUnderTest.allCases)
  func aKeyBelongsToItsSender(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      let senders: [Text?] = ["ann", nil, "bob", "\0", "ann\0"]
      for (index, sender) in senders.enumerated() {
        let draft = draft("by \(index)", sender: sender, key: "k", digest: [UInt8(index)])
        #expect(try await store.append(draft).duplicate == false)
        #expect(try await store.append(draft).duplicate)
        let other = StoreError.conflict(team)
        await #expect(throws: other) {
          try await store.append(Draft(body: draft.body, key: "k", digest: [99]))
        }
      }
      #expect(try await store.messages().count == 5)
      // Retracting does not release a key either: its message keeps its sender.
      #expect(try await store.retract(MessageName(log: team, seq: 2)))
      #expect(try await store.append(draft("by 1", sender: nil, key: "k", digest: [1])).seq == 2)
      #expect(try await store.append(draft("by 0", sender: "ann", key: "k", digest: [0])).seq == 1)
      // Many readers, to one of whom somebody else has sent a message with this key.
      let logs = (1...3).map { LogName.account(Text("reader \($0)")) }
      _ = try await store.append(draft("squatted", sender: "eve", key: "bill", digest: [7]), to: logs[1])
      let receipts = try await store.append(draft("bill", sender: nil, key: "bill"), to: logs)
      #expect(receipts.map(\.seq) == [1, 2, 1] && receipts.allSatisfy { !$0.duplicate })
    }
  }

  /// The same in one group of appends.
  @Test(arguments: StoreUnderTest.allCases)
  func keysOfSeveralSendersAtOnce(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      let appended = try await withThrowingTaskGroup(of: Bool.self) { group in
        for n in 0..<120 {
          let sender: Text? = n % 4 == 0 ? nil : Text("sender \(n % 4)")
          let draft = draft(sender: sender, key: Text("key \(n % 3)"), digest: [UInt8(n % 4)])
          group.addTask { try await !store.append(draft).duplicate }
        }
        return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(appended == 12)
      #expect(try await store.messages().count == 12)
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func aRetryCompletesWhatIsMissing(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      let readers = (1...4).map { LogName.member(team: "t", user: Text("reader \($0)")) }
      _ = try await store.append(draft(key: "k"), to: [readers[1], readers[3]])
      let receipts = try await store.append(draft(key: "k"), to: readers)
      #expect(receipts.map(\.duplicate) == [false, true, false, true])
      #expect(receipts.map(\.seq) == [1, 1, 1, 1])
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func aConflictInOneLogAppendsNothing(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      let logs = (1...3).map { LogName.account(Text("reader \($0)")) }
      _ = try await store.append(draft("first", key: "k", digest: [1]), to: logs[2])
      await #expect(throws: StoreError.conflict(logs[2])) {
        try await store.append(draft("second", key: "k", digest: [2]), to: logs)
      }
      for log in logs.dropLast() { #expect(try await store.messages(of: log).isEmpty) }
      #expect(try await store.messages(of: logs[2]).map(\.body.content) == ["first"])
      #expect(try await store.append(draft(), to: logs[0]).seq == 1)
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func oneOfManyConcurrentAppendsOfAKeyAppends(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      let receipts = try await withThrowingTaskGroup(of: Receipt?.self) { group in
        for n in 0..<200 {
          group.addTask {
            do {
              // Every tenth append has another content under the same key.
              return try await store.append(
                draft(key: Text("key \(n % 5)"), digest: n % 10 == 9 ? [9] : [1]))
            } catch StoreError.conflict(team) {
              return nil
            }
          }
        }
        return try await group.reduce(into: [Receipt?]()) { $0.append($1) }
      }
      let appended = receipts.compactMap(\.self).filter { !$0.duplicate }
      #expect(appended.map(\.seq).sorted() == [1, 2, 3, 4, 5])
      #expect(try await store.messages().count == 5)
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func manyLogsAtOnce(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      let logs = (0..<2000).map { LogName.account(Text("user \($0)")) }
      let receipts = try await store.append(draft("to all", key: "k"), to: logs)
      #expect(receipts.allSatisfy { $0.seq == 1 && !$0.duplicate })
      let heads = try await store.read { reader in
        try reader.states(of: (0..<2000).map { Inbox(user: Text("user \($0)")) }).map(\.own.head)
      }
      #expect(heads.allSatisfy { $0 == 1 })
      #expect(try await store.append(draft("to all", key: "k"), to: logs).allSatisfy(\.duplicate))
    }
  }
}
