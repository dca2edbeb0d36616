import Dispatch
import Inbox
import Testing

/// The ways in which a store, or one of its calls, ends.
struct CloseContract {
  @Test(arguments: StoreUnderTest.allCases)
  func whatWasAcceptedIsFinished(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      let calls = (1...100).map { n in Task.immediate { try await store.append(draft("\(n)")).seq } }
      try await store.close()
      for (index, call) in calls.enumerated() { #expect(try await call.value == index + 1) }
    }
  }

  // In memory nothing is ever queued.
  @Test(arguments: [StoreUnderTest.sqlite, .mongo, .mongoStandalone])
  func whatIsTakenBackInTheQueueIsNotDone(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      _ = try await store.append(draft("first"))
      let (begun, begin) = AsyncStream<Void>.makeStream()
      let gate = DispatchSemaphore(value: 0)
      // Holds up the later calls on the same log. Only threads of the store's own block.
      let slow = Task.immediate {
        try await store.change(marksOf: bob) { _, _ in
          begin.yield()
          #expect(gate.wait(timeout: .now() + .seconds(600)) == .success)
          gate.signal()
        }
      }
      for await _ in begun { break }
      let queued = Task.immediate { try await store.append(draft("never")) }
      let marking = Task.immediate { try await store.mark(.read) }
      queued.cancel()
      marking.cancel()
      // The callers are told while the queue is still held up.
      await #expect(throws: CancellationError.self) { _ = try await queued.value }
      await #expect(throws: CancellationError.self) { _ = try await marking.value }
      gate.signal()
      try await slow.value
      _ = try await store.append(draft("second"))
      #expect(try await store.messages().map(\.body.content) == ["first", "second"])
      #expect(try await store.state(of: bob).marks.shared.read.isEmpty)
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func aCallOfACancelledTaskDoesNothingOrAll(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      var done: [String] = []
      for n in 0..<100 {
        let call = Task.immediate { try await store.append(draft("\(n)")) }
        if n.isMultiple(of: 3) { await Task.yield() }
        call.cancel()
        do {
          _ = try await call.value
          done.append("\(n)")
        } catch is CancellationError {}
      }
      #expect(try await store.messages().map { $0.body.content ?? "" } == done)
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func itMayBeClosedAgain(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      _ = try await store.append(draft())
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<8 { group.addTask { try await store.close() } }
        try await group.waitForAll()
      }
      try await store.close()
    }
  }
}
