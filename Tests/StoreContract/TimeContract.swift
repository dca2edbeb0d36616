import Inbox
import Testing

/// The store's time as reads and changes see it, and the time until which a caller waits.
struct TimeContract {
  @Test(arguments: StoreUnderTest.allCases)
  func itStandsStillDuringAReadAndAChange(_ kind: StoreUnderTest) async throws {
    let clock = ManualClock()
    try await kind.run(clock: clock) { store in
      let times = try await store.read { reader in
        let first = try reader.now
        clock.set(2_000_000)
        _ = try reader.state(of: bob)
        return [first, try reader.now]
      }
      #expect(times == [1_000_000, 1_000_000])
      let later = try await store.change(marksOf: bob) { reader, _ in
        let first = try reader.now
        clock.set(3_000_000)
        _ = try reader.messages(in: team, SequenceSet(1))
        return [first, try reader.now]
      }
      #expect(later == [2_000_000, 2_000_000])
      let last = try await store.read { try $0.now }
      #expect(last == 3_000_000)
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func itNeverGoesBackThoughTheClockIsSetBack(_ kind: StoreUnderTest) async throws {
    let clock = ManualClock()
    try await kind.run(clock: clock) { store in
      var last = Timestamp.min
      for _ in 0..<40 {
        clock.set(.random(in: 1_000_000...9_000_000))
        let sent = try await store.append(draft(), to: Bool.random() ? team : .account("ann")).time
        clock.set(.random(in: 1_000_000...9_000_000))
        // Read and changed by different threads.
        let read = try await store.read { try $0.now }
        #expect(read >= max(sent, last))
        clock.set(.random(in: 1_000_000...9_000_000))
        last = try await store.change(marksOf: bob) { reader, _ in try reader.now }
        #expect(last >= read)
      }
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func aDeadlineThatHasPassedEndsTheReadAndNothingElse(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      _ = try await store.append(draft("first"))
      let late = ContinuousClock.now - .seconds(1)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for n in 0..<16 {
          group.addTask {
            guard n.isMultiple(of: 2) else {
              let head = try await store.state(of: bob).shared.head
              #expect(head == 1)
              return
            }
            let failure: (any Error)?
            do {
              try await store.read(before: late) { _ = try $0.state(of: bob) }
              failure = nil
            } catch {
              failure = error
            }
            switch kind {
            case .memory, .sqlite: #expect(failure as? StoreError == .deadlinePassed)
            case .mongo, .mongoStandalone: #expect(failure is CancellationError)
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await store.messages().map(\.body.content) == ["first"])
      #expect(try await store.append(draft("second")).seq == 2)
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func aDeadlineThatIsFarOffChangesNothing(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      for n in 1...30 { _ = try await store.append(draft("\(n)")) }
      _ = try await store.mark(.read)
      let far = ContinuousClock.now + .seconds(600)
      let state = try await store.read(before: far) { try $0.state(of: bob) }
      #expect(try await store.state(of: bob) == state)
      let contents = try await store.read(before: far) { reader in
        try reader.messages(in: team, SequenceSet(1, through: .max)).map(\.body.content)
      }
      #expect(contents == (1...30).map { "\($0)" })
    }
  }
}
