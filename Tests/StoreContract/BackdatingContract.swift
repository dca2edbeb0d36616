import Inbox
import Seeds
import Testing

/// Messages with the times that they had elsewhere.
struct BackdatingContract {
  private static func change(_ numbers: Range<Int>) -> Backdating {
    Backdating(
      numbers.map { number in
        let body = MessageBody(type: "note", content: "\(number)")
        let digest = [UInt8](repeating: UInt8(number % 251), count: StoreBounds.digestLength)
        return (Draft(body: body, key: Text("key \(number)"), digest: digest), 1000)
      })
  }

  /// Where dates have no time of day, a whole day's messages have one time: a call finds its own among them all.
  @Test(arguments: StoreUnderTest.allCases)
  func anyNumberOfMessagesHaveTheSameTime(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      let log = LogName.account("bo")
      for start in stride(from: 0, to: 6000, by: 1000) {
        let (_, new) = try await store.read { try Self.change(start..<start + 1000).decide(log, $0) }
        #expect(new.count == 1000)
        _ = try await store.restore([.entries(log, new)])
      }
      for start in [0, 3500, 5000] {
        let (receipts, new) = try await store.read { try Self.change(start..<start + 1000).decide(log, $0) }
        #expect(new.isEmpty)
        #expect(receipts.map(\.seq) == Array(start + 1...start + 1000) && receipts.allSatisfy(\.duplicate))
      }
      // A call that comes again with more.
      let (receipts, new) = try await store.read { try Self.change(5500..<6500).decide(log, $0) }
      #expect(new.map(\.message.seq) == Array(6001...6500))
      #expect(receipts.count(where: \.duplicate) == 500)
    }
  }
}
