import Testing

@testable import JSONRPC

/// Notifications of the service's own: their place among the answers, and their room.
@Suite(.timeLimit(.minutes(10)))
struct EventTests {
  @Test(arguments: [
    (64 << 20, 1 << 20), (1 << 20, 256 << 10), (4, 1), (1, 1),
  ])
  func room(_ outputBytes: Int, _ bytes: Int) {
    let room = EventRoom(outputBytes: outputBytes)
    #expect(room.bytes == bytes)
    #expect(room.isOpen(queued: 0) && room.isOpen(queued: bytes - 1) && !room.isOpen(queued: bytes))
    #expect(room.hasReturned(queued: 0) && !room.hasReturned(queued: bytes / 2 + 1))
  }

  @Test func whoWaitsIsToldOnce() {
    var room = EventRoom(outputBytes: 400)
    #expect(!room.isAwaited)
    room.wait {}
    room.wait {}
    let taken = [51, 50, 0].map { room.takeWaiting(queued: $0).count }
    #expect(taken == [0, 2, 0] && !room.isAwaited)
  }

  @Test func whatFollowsABatchIsDoneAfterItsAnswer() {
    var outbox = Outbox(batchBytes: 1_000)
    let (first, second) = (outbox.openBatch(), outbox.openBatch())
    for batch in [first, second] {
      outbox.expectAnswer(in: batch)
      outbox.add(result: [0x31], id: [0x31], batch: batch)
      let due = outbox.follow(batch, with: [{}])
      #expect(due.isEmpty)
    }
    outbox.closeBatch(first)
    let due = [outbox.takeDue().count, outbox.takeDue().count]
    #expect(due == [1, 0])
    outbox.closeBatch(second)
    // What is due for another batch comes along, and what follows one that is answered is due.
    let both = outbox.follow(first, with: [{}])
    #expect(both.count == 2)
    // A batch of notifications alone gets no answer.
    let silent = outbox.openBatch()
    let later = outbox.follow(silent, with: [{}])
    outbox.closeBatch(silent)
    let last = outbox.takeDue()
    #expect(later.isEmpty && last.count == 1)
  }

  @Test func eventsComeBehindTheAnswerOfTheBatch() async throws {
    let service = TestService()
    let host = try Host(service)
    host.send(
      #"[{"jsonrpc":"2.0","id":1,"method":"subscribe"},{"jsonrpc":"2.0","id":2,"method":"gate"},"#
        + #"{"jsonrpc":"2.0","method":"subscribe"}]"#)
    try await service.gates.wait(for: "gate", count: 1)
    host.request(3, "ping")
    #expect(try await host.answer().id == "3")
    service.gates.open("gate")
    #expect(try await host.batch().count == 2)
    for _ in 0..<2 {
      #expect(await host.next() == #"{"jsonrpc":"2.0","method":"inbox_event","params":{}}"#)
    }
    _ = await host.finish()
  }

  @Test func eventsWaitForAHostThatDoesNotRead() async throws {
    var limits = Limits()
    limits.outputBytes = 400_000
    let service = TestService()
    let host = try Host(service, limits: limits, reads: false)
    host.request(1, "follow", #"{"value":100,"bytes":50000}"#)
    try await until { host.server.status.outputBytes >= 100_000 }
    #expect(host.server.status.outputBytes < 200_000)
    // Requests go on.
    host.request(2, "gate", #"{"value":2}"#)
    try await service.gates.wait(for: "gate", count: 1)
    service.gates.open("gate")
    host.startReading()
    let lines = await host.next(102)
    #expect(lines.first == #"{"jsonrpc":"2.0","id":1,"result":{}}"#)
    #expect(lines.count { $0.contains("inbox_event") } == 100)
    #expect(service.ended.withLock { $0 } == 0)
    _ = await host.finish()
    #expect(service.ended.withLock { $0 } == 1)
  }
}
