import Inbox
import Seeds
import Testing

/// A store that Tidings wrote is sound.
struct VerifyContract {
  @Test(arguments: StoreUnderTest.allCases, [7, 8] as [UInt64])
  func aRandomStoreIsSound(_ kind: StoreUnderTest, seed: UInt64) async throws {
    let clock = ManualClock()
    let judge = MessageJudge(digest: Operation.digest, isData: { _ in true })
    try await kind.run(clock: clock) { store in
      var random = SeededGenerator(seed: seed)
      for step in 0..<700 {
        clock.set(Timestamp(step / 4) + .random(in: -3...3, using: &random))
        _ = await Operation.random(&random).run(on: store)
      }
      let verdict = try await store.verify(Verification(judge))
      #expect(verdict.faults.isEmpty, "seed \(seed): \(verdict.faults)")
      #expect(verdict.isComplete && verdict.messages > 100 && verdict.logs > 10)
      #expect(verdict.recounted == verdict.inboxes && verdict.inboxes > 5)
      // A repair of what is sound changes nothing.
      let before = try await contents(of: store)
      #expect(try await store.verify(Verification(judge, repairs: true)).faults.isEmpty)
      #expect(try await contents(of: store) == before)
    }
  }

  private func contents(of store: any ExaminedStore) async throws -> [String] {
    try await store.read { reader in
      let logs = try reader.logs(after: nil, limit: 1000)
      let states = try reader.states(of: reader.inboxes(after: nil, limit: 1000))
      return try logs.map { "\(try reader.entries(in: $0, from: 1, limit: 1000))" } + states.map { "\($0)" }
    }
  }

  @Test func oneTimeFarAheadIsOneFault() throws {
    var check = LogCheck(team)
    let times: [Timestamp?] = [1, 2, 9_000_000, 3, 3, nil, 4]
    let messages = times.enumerated().map { index, time in
      StoredMessage(seq: index + 1, time: time, body: MessageBody(type: "note"))
    }
    let outcome = check.take(
      .init(head: 7, end: 7, isCertain: true, record: LogRecord(), messages: messages, isLast: true),
      MessageJudge(digest: { _ in [] }, isData: { _ in true }))
    #expect(outcome.faults.map(\.kind) == [.timeOrder, .time])
    let mended = outcome.changes.compactMap { change -> Timestamp? in
      if case .replace(_, let message) = change { message.time } else { nil }
    }
    #expect(mended == [2, 3])
  }

  @Test func everyKindHasWordsOfItsOwn() {
    let sentences = FaultKind.allCases.map(\.sentence)
    #expect(Set(sentences).count == sentences.count)
    #expect(FaultKind.allCases.filter { $0.mending == nil } == [.file, .table, .counts, .newer])
  }

  /// Which last number is believed.
  @Test(
    arguments: [
      (.unknown, [3, 2, 1], 3), (.unknown, [10, 2, 1], 10), (.unknown, [400_000, 2, 1], 2),
      (.unknown, [400_001, 400_000, 2, 1], 2), (.unknown, [1 << 53, 400_000, 2, 1], 2),
      (.unknown, [400_000], 0),
      (.unknown, [], 0), (.unknown, Array(1...3000).reversed().map { $0 > 1500 ? $0 + 1500 : $0 }, 4500),
      (.unknown, Array(1...3000).reversed().map { $0 > 1500 ? $0 + 1501 : $0 }, 1500),
      // A head that says so, and one whose last message is there.
      (.claimed(10), [9, 8, 7], 10), (.claimed(10), [400_000, 9, 8], 10), (.claimed(400_000), [3, 2, 1], 3),
      (.claimed(2), [4, 3, 2, 1], 4), (.claimed(2), [6, 3, 2, 1], 3), (.claimed(2), [6, 5, 3, 2, 1], 6),
      (.sealed(3), [3, 2, 1], 3), (.sealed(3), [5, 3, 2, 1], 3), (.sealed(900), [900, 2, 1], 900),
      (.sealed(400_000), [400_000, 2, 1], 2),
    ] as [(BelievedEnd.Head, [Int], Int)])
  func aNumberFarAwayIsNotBelieved(_ head: BelievedEnd.Head, _ numbers: [Int], _ expected: Int) {
    var end = BelievedEnd(head, count: numbers.count)
    for number in numbers where !end.isSettled { end.take(number) }
    #expect(end.end == expected)
  }
}
