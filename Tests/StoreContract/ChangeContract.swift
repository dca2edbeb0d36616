import Testing

@testable import Inbox

/// The changes of marks.
struct ChangeContract {
  @Test(arguments: StoreUnderTest.allCases)
  func aChangeIsKeptWithItsVersion(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      for n in 1...3 { _ = try await store.append(draft("\(n)")) }
      #expect(try await store.mark(.read) == 3)
      var state = try await store.state(of: bob)
      #expect(state.marks.version == 1)
      #expect(state.marks.shared.read == SequenceSet(1, through: 3))
      #expect(state.counts == InboxState.Counts(total: 3, unread: 0, unseen: 3))
      // Another inbox has marks of its own.
      #expect(try await store.state(of: Inbox(user: "cid", team: "t")).marks == Marks())
      try await store.change(marksOf: bob) { _, state in state.leave() }
      _ = try await store.append(draft("hidden"))
      state = try await store.state(of: bob)
      #expect(state.marks.version == 2)
      #expect(state.counts.total == 3)
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func marksLeftAsTheyWereAreNotWritten(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      #expect(try await store.change(marksOf: bob) { _, _ in "nothing" } == "nothing")
      #expect(try await store.state(of: bob).marks.version == 0)
      _ = try await store.append(draft())
      #expect(try await store.mark(.read) == 1)
      #expect(try await store.mark(.read) == 0)
      #expect(try await store.state(of: bob).marks.version == 1)
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func aBodyThatThrowsChangesNothing(_ kind: StoreUnderTest) async throws {
    struct Refusal: Error {}
    try await kind.run { store in
      _ = try await store.append(draft())
      await #expect(throws: Refusal.self) {
        try await store.change(marksOf: bob) { _, state in
          state.leave()
          throw Refusal()
        }
      }
      #expect(try await store.state(of: bob).marks == Marks())
      await #expect(throws: MarkChange.NotFound(index: 1)) {
        try await store.mark(.read, .messages([MessageName(log: team, seq: 1), nil]))
      }
      #expect(try await store.state(of: bob).marks == Marks())
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func failuresDontDisturbTheChangesBesideThem(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      _ = try await store.append(draft("first", key: "k"))
      try await withThrowingTaskGroup(of: Void.self) { group in
        for n in 0..<300 {
          group.addTask {
            switch n % 3 {
            case 0: _ = try await store.append(draft("\(n)"))
            case 1:
              await #expect(throws: StoreError.conflict(team)) {
                try await store.append(draft(key: "k", digest: [2]))
              }
            default:
              await #expect(throws: StoreError.notFound) {
                try await store.retract(MessageName(log: team, seq: 100_000))
              }
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await store.messages().map(\.seq) == Array(1...101))
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func concurrentChangesOfOneInboxAllTakeEffect(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      for n in 1...200 { _ = try await store.append(draft("\(n)")) }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for n in 1...200 {
          group.addTask {
            let changed = try await store.mark(.read, .messages([MessageName(log: team, seq: n)]))
            #expect(changed == 1)
          }
        }
        try await group.waitForAll()
      }
      let marks = try await store.state(of: bob).marks
      #expect(marks.version == 200)
      #expect(marks.shared.read == SequenceSet(1, through: 200))
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func aChangeReadsItsView(_ kind: StoreUnderTest) async throws {
    let clock = ManualClock()
    try await kind.run(clock: clock) { store in
      for n in 1...10 {
        clock.set(Timestamp(n))
        _ = try await store.append(draft("\(n)"), to: n % 2 == 0 ? team : bob.own)
      }
      // Up to the shared message of time 6: three shared messages, and the reader's own of times 1, 3 and 5.
      #expect(try await store.mark(.read, .upTo(MessageName(log: team, seq: 3))) == 6)
      let marks = try await store.state(of: bob).marks
      #expect(marks.shared.read == SequenceSet(1, through: 3))
      #expect(marks.own.read == SequenceSet(1, through: 3))
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func marksThatOutgrowTheirLimitAreRefused(_ kind: StoreUnderTest) async throws {
    // Ranges so far apart that each takes seven bytes, in eight sets.
    let wide = SequenceSet(numbers: (1...80_000).map { $0 << 36 })
    try await kind.run { store in
      _ = try await store.append(draft())
      try await store.change(marksOf: bob) { _, state in
        state.marks.shared.read = wide
      }
      await #expect(throws: StoreError.marksTooLarge) {
        try await store.change(marksOf: bob) { _, state in
          for side in Inbox.Side.allCases {
            state.marks[side].read = wide
            state.marks[side].seen = wide
            state.marks[side].archived = wide
            state.marks[side].deleted = wide
          }
        }
      }
      let marks = try await store.state(of: bob).marks
      #expect(marks.version == 1)
      #expect(marks.shared.read == wide)
      #expect(marks.own.read.isEmpty)
    }
  }
}
