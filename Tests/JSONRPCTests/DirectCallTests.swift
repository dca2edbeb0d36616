import Locks
import Testing

@testable import JSONRPC

/// Calls that are begun without a task.
@Suite(.timeLimit(.minutes(10)))
struct DirectCallTests {
  private let service = TestService()

  /// Runs what is queued, once this much is.
  private func runQueued(_ count: Int = 1) async throws {
    try await until { service.queued.withLock { $0.count } >= count }
    let queued = service.queued.withLock { queued in
      defer { queued = [] }
      return queued
    }
    for work in queued { work() }
  }

  @Test func theyAreAnsweredAtOnceOrByATask() async throws {
    let host = try Host(service)
    for (id, how) in ["now", "fail", "task"].enumerated() {
      host.request(id, "direct", #"{"how":"\#(how)"}"#)
    }
    let answers = try await host.next(3).map(Answer.init)
    #expect(answers.map(\.id) == ["0", "1", "2"])
    #expect(answers.map(\.result) == [#"{"how":"now"}"#, nil, #""task""#])
    #expect(answers[1].code == 2002)
    #expect(await host.finish().ending == .endOfInput)
  }

  @Test func oneThatIsQueuedHoldsUpNobodyAndIsAnsweredWhenItHasRun() async throws {
    let host = try Host(service)
    host.request(1, "direct", #"{"key":1}"#)
    host.request(2, "append", #"{"key":1,"value":5}"#)
    host.request(3, "ping")
    #expect(try await host.answer().id == "3")
    // What changes the same waits for it.
    #expect(service.lists.withLock { $0.isEmpty })
    try await runQueued()
    #expect(try await host.answer() == Answer(#"{"id":1,"result":{"key":1}}"#))
    #expect(try await host.answer().id == "2")
    #expect(await host.finish().lines == [])
  }

  @Test func oneThatFindsNoRoomIsRunByATaskThatCanBeCancelled() async throws {
    let host = try Host(service)
    host.request(1, "direct", #"{"how":"room"}"#)
    host.request(2, "direct", #"{"how":"room","gate":"shut"}"#)
    try await runQueued(2)
    #expect(try await host.answer().result == #""task""#)
    try await service.gates.wait(for: "shut", count: 1)
    host.cancel("2")
    #expect(try await host.answer().code == -32800)
    #expect(await host.finish().lines == [])
  }

  @Test(arguments: [true, false]) func oneThatIsQueuedIsTakenBack(_ byHost: Bool) async throws {
    let host = try Host(service)
    host.request(1, "direct", byHost ? "{}" : #"{"_meta":{"timeout_ms":1}}"#)
    try await until { service.queued.withLock { $0.count } == 1 }
    if byHost { host.cancel("1") }
    let answer = try await host.answer()
    #expect(answer.id == "1" && answer.kind == (byHost ? "cancelled" : "deadline_exceeded"))
    // What is left of it in the queue does nothing.
    try await runQueued()
    host.request(1, "ping")
    #expect(await host.finish().lines == [#"{"jsonrpc":"2.0","id":1,"result":{}}"#])
  }

  @Test func thoseAtTheEndOfInputAreFinished() async throws {
    let host = try Host(service)
    for id in 1...50 { host.request(id, "direct", #"{"how":"\#(id % 2 == 0 ? "now" : "later")"}"#) }
    host.closeInput()
    #expect(try await host.next(25).map { try Answer($0).id } == (1...25).map { "\(2 * $0)" })
    try await runQueued(25)
    var rest: [String] = []
    while let line = await host.next() { rest.append(try Answer(line).id) }
    #expect(Set(rest) == Set((1...25).map { "\(2 * $0 - 1)" }))
    #expect(await host.ending() == .endOfInput)
  }
}
