import Inbox
import Testing

/// The state after a message is retracted.
struct RetractContract {
  @Test(arguments: StoreUnderTest.allCases)
  func theBodyGoesAndTheSlotStays(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      let body = MessageBody(
        type: "note", sender: "ann", username: "Ann", teamName: "T", receiver: "bob", content: "secret",
        data: "{}")
      let sent = Draft(body: body, key: "k", digest: [1, 2, 3])
      let first = try await store.append(sent)
      _ = try await store.append(draft("second"))
      let name = MessageName(log: team, seq: 1)
      #expect(try await store.retract(name))
      #expect(try await store.retract(name) == false)

      let messages = try await store.messages()
      #expect(messages[0] == Message(seq: 1, time: first.time, body: body.cleared))
      #expect(messages[1].body.content == "second")
      let record = try await store.state(of: bob).shared.record
      #expect(record.retracted == SequenceSet(1))
      #expect(record.retractionCount == 1)
      #expect(record.newestRetractions == [1])
      #expect(try await store.state(of: bob).counts.total == 1)
      // The key and the digest stay: a retry still finds the message.
      #expect(try await store.append(sent) == Receipt(seq: 1, time: first.time, duplicate: true))
      await #expect(throws: StoreError.conflict(team)) {
        try await store.append(Draft(body: body, key: "k", digest: [3]))
      }
      let ofAnn = try await store.read {
        try $0.numbers(in: team, where: .sender("ann"), from: 1, through: 9)
      }
      #expect(ofAnn == SequenceSet(1, through: 2))
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func whatDoesNotExistIsNotFound(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      _ = try await store.append(draft())
      for name in [
        MessageName(log: team, seq: 0), MessageName(log: team, seq: 2), MessageName(log: team, seq: 1 << 32),
        MessageName(log: .everyone, seq: 1), MessageName(log: team, seq: -1),
        MessageName(log: team, seq: .max),
      ] {
        await #expect(throws: StoreError.notFound) { try await store.retract(name) }
      }
      #expect(try await store.state(of: bob).shared.record == LogRecord())
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func theNewestRetractionsAreKeptInOrder(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      for n in 1...30 { _ = try await store.append(draft("\(n)")) }
      let order = [7, 30, 1, 15, 2, 29]
      for seq in order { #expect(try await store.retract(MessageName(log: team, seq: seq))) }
      let record = try await store.state(of: bob).shared.record
      #expect(record.newestRetractions == order)
      #expect(record.retracted == SequenceSet(numbers: order))
      #expect(record.retractionCount == 6)
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func oneOfManyConcurrentRetractionsRetracts(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      for n in 1...10 { _ = try await store.append(draft("\(n)")) }
      let done = try await withThrowingTaskGroup(of: Bool.self) { group in
        for n in 0..<200 {
          group.addTask { try await store.retract(MessageName(log: team, seq: n % 10 + 1)) }
        }
        return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(done == 10)
      #expect(try await store.state(of: bob).shared.record.retractionCount == 10)
    }
  }
}
