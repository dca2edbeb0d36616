import Inbox
import Testing

/// How a store ends.
struct CloseContract {
  @Test(arguments: StoreUnderTest.allCases)
  func whatWasAcceptedIsFinished(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      let calls = (1...100).map { n in Task.immediate { try await store.append(draft("\(n)")).seq } }
      try await store.close()
      for (index, call) in calls.enumerated() { #expect(try await call.value == index + 1) }
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
