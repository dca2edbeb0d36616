import Foundation
import Locks
import Runtime
import Seeds
import Testing

@testable import JSONRPC

/// Order, cancelling, deadlines, waiting and progress, over pipes.
@Suite(.timeLimit(.minutes(10)))
struct ConcurrencyTests {
  @Test func aSlowRequestHoldsUpNobody() async throws {
    let service = TestService()
    let host = try Host(service)
    host.request(1, "gate")
    for id in 2...200 { host.request(id, "ping") }
    let answers = try await host.next(199).map(Answer.init)
    #expect(answers.map(\.id) == (2...200).map(String.init))
    service.gates.open("gate")
    #expect(try await host.finish().lines.map(Answer.init).map(\.id) == ["1"])
  }

  /// Stops three calls, then lets them go on in one cork; returns the number of bytes that are still to be
  /// written within it.
  private func queuedInCork(_ params: String) async throws -> (bytes: Int, answers: [String]) {
    let service = TestService()
    let host = try Host(service)
    for id in 1...3 { host.request(id, "gate", params) }
    // The same thread begins this call after the others: when it is answered, they have stopped.
    host.request(4, "ping")
    #expect(try await host.answer().id == "4")
    try await service.gates.wait(for: "gate", count: 3)
    let bytes = Cork.together {
      service.gates.open("gate")
      return host.server.connection.state.withLock { $0.outbox.queuedBytes }
    }
    let answers = try await host.next(3).map(Answer.init).map(\.id)
    #expect(await host.finish().ending == .endOfInput)
    return (bytes, answers.sorted())
  }

  @Test func answersThatAreSettledTogetherGoOutTogether() async throws {
    let queued = try await queuedInCork("{}")
    #expect(queued.bytes == 3 * #"{"jsonrpc":"2.0","id":1,"result":{}}"#.utf8.count + 3)
    #expect(queued.answers == ["1", "2", "3"])
  }

  @Test func aHostNeedNotWaitForManyBytesThatAreSettledTogether() async throws {
    let text = String(repeating: "x", count: Outbox.corkedBytes)
    let queued = try await queuedInCork(#"{"text":"\#(text)"}"#)
    #expect(queued.bytes == 0)
    #expect(queued.answers == ["1", "2", "3"])
  }

  @Test func aReadSeesTheAppendBeforeItAndNoLaterOne() async throws {
    let service = TestService()
    let host = try Host(service)
    host.request(1, "append", #"{"key":1,"value":10,"gate":"slow"}"#)
    host.request(2, "read", #"{"key":1}"#)
    host.request(3, "append", #"{"key":1,"value":20}"#)
    host.request(4, "read", #"{"key":1}"#)
    host.request(5, "read", #"{"key":2}"#)
    #expect(try await host.answer().id == "5")
    service.gates.open("slow")
    let answers = try await host.next(4).map(Answer.init)
    #expect(answers.map(\.id) == ["1", "2", "3", "4"])
    #expect(answers[1].result == "[10]" && answers[3].result == "[10,20]")
    _ = await host.finish()
  }

  @Test func readersRunTogether() async throws {
    let service = TestService()
    let host = try Host(service)
    for id in 1...20 { host.request(id, "read", #"{"key":1,"gate":"all"}"#) }
    try await service.gates.wait(for: "all", count: 20)
    service.gates.open("all")
    #expect(await host.next(20).count == 20)
    _ = await host.finish()
  }

  /// Calls begin in the order of the wire, whichever thread starts them.
  @Test func callsBeginInOrder() async throws {
    let service = TestService()
    let host = try Host(service)
    host.request(0, "gate", #"{"key":1,"value":0,"gate":"first","mode":"read"}"#)
    for id in 1...100 { host.request(id, "gate", #"{"key":1,"value":\#(id),"gate":"all"}"#) }
    try await service.gates.wait(for: "first", count: 1)
    #expect(service.begun.withLock { $0 } == [0])
    service.gates.open("first")
    try await service.gates.wait(for: "all", count: 100)
    #expect(service.begun.withLock { $0 } == Array(0...100))
    service.gates.open("all")
    #expect(await host.next(101).count == 101)
    _ = await host.finish()
  }

  @Test func inFlightLimit() async throws {
    var limits = Limits()
    limits.inFlight = 8
    let service = TestService()
    let host = try Host(service, limits: limits)
    for id in 1...100 { host.request(id, "gate", #"{"value":\#(id)}"#) }
    for round in 1...12 {
      try await service.gates.wait(for: "gate", count: 8)
      #expect(service.begun.withLock(\.count) == 8 * round)
      service.gates.openOnce("gate")
    }
    service.gates.open("gate")
    #expect(await host.next(100).count == 100)
    #expect(await host.finish() == ([], .endOfInput))
  }

  @Test func waitingRequestsLeaveTheCountAndTheOrder() async throws {
    var limits = Limits()
    limits.inFlight = 8
    limits.waiting = 300
    let host = try Host(TestService(), limits: limits)
    for id in 1...301 { host.request(id, "wait", #"{"key":1}"#) }
    let refused = try await host.answer()
    #expect(refused.code == 1004 && refused.details == #"{"limit":300}"#)
    host.request(1_000, "append", #"{"key":1,"value":1}"#)
    host.request(1_001, "ping")
    #expect(try await host.next(2).map { try Answer($0).id } == ["1000", "1001"])
    let (rest, ending) = await host.finish()
    #expect(ending == .endOfInput && rest.count == 300)
    #expect(try rest.allSatisfy { try Answer($0).result == #""ended""# })
  }

  // MARK: Cancelling

  @Test(arguments: ["gate", "wait"]) func cancelWhileRunning(_ method: String) async throws {
    let service = TestService()
    let host = try Host(service)
    host.request(1, method)
    if method == "gate" { try await service.gates.wait(for: "gate", count: 1) }
    host.cancel("1")
    host.cancel("1")
    #expect(try await host.answer().code == -32800)
    host.cancel("1")
    host.cancel("2")
    host.cancel(#""1""#)
    host.cancel("null")
    host.request(1, "ping")
    #expect(await host.finish().lines == [#"{"jsonrpc":"2.0","id":1,"result":{}}"#])
  }

  @Test func eachThatWaitsCanBeTakenBack() async throws {
    let host = try Host(TestService())
    for id in 0..<400 { host.request(id, "wait") }
    for id in stride(from: 0, to: 400, by: 2) { host.cancel("\(id)") }
    let cancelled = try await host.next(200).map(Answer.init)
    #expect(Set(cancelled.map(\.id)) == Set(stride(from: 0, to: 400, by: 2).map(String.init)))
    #expect(cancelled.allSatisfy { $0.code == -32800 })
    let ended = try await host.finish().lines.map(Answer.init)
    #expect(Set(ended.map(\.id)) == Set(stride(from: 1, to: 400, by: 2).map(String.init)))
    #expect(ended.allSatisfy { $0.result == #""ended""# })
  }

  @Test func cancelWhileQueued() async throws {
    let service = TestService()
    let host = try Host(service)
    host.request(1, "append", #"{"key":1,"value":1,"gate":"slow"}"#)
    host.request(2, "read", #"{"key":1}"#)
    host.request(3, "append", #"{"key":1,"value":3}"#)
    host.cancel("2")
    let cancelled = try await host.answer()
    #expect(cancelled.id == "2" && cancelled.code == -32800)
    #expect(service.lists.withLock { $0["1"] } == [1, 3])
    #expect(try await host.answer().id == "3")
    service.gates.open("slow")
    #expect(try await host.finish().lines.map { try Answer($0).id } == ["1"])
  }

  @Test func whatIsDoneIsAnsweredAsDone() async throws {
    let service = TestService()
    let host = try Host(service)
    host.request(1, "stubborn")
    try await service.gates.wait(for: "gate", count: 1)
    host.cancel("1")
    host.request(2, "ping")
    #expect(try await host.answer().id == "2")
    service.gates.open("gate")
    #expect(try await host.answer().result == #""done anyway""#)
    _ = await host.finish()
  }

  @Test func cancelWithinABatch() async throws {
    let service = TestService()
    let host = try Host(service)
    host.send(
      #"[{"jsonrpc":"2.0","id":"a","method":"gate"},"#
        + #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":"\u0061"}},"#
        + #"{"jsonrpc":"2.0","id":2,"method":"ping"}]"#)
    let answers = try await host.batch()
    #expect(Set(answers.map(\.id)) == [#""a""#, "2"])
    #expect(answers.first { $0.id == #""a""# }?.code == -32800)
    _ = await host.finish()
  }

  @Test(arguments: ["gate", "wait"]) func deadlineWhileRunning(_ method: String) async throws {
    let host = try Host(TestService())
    host.request(1, method, #"{"_meta":{"timeout_ms":5}}"#)
    let answer = try await host.answer()
    #expect(answer.id == "1" && answer.code == 1003 && answer.kind == "deadline_exceeded")
    _ = await host.finish()
  }

  @Test func deadlineWhileQueued() async throws {
    let service = TestService()
    let host = try Host(service)
    host.request(1, "append", #"{"key":1,"value":1,"gate":"slow"}"#)
    host.request(2, "read", #"{"key":1,"_meta":{"timeout_ms":5}}"#)
    #expect(try await host.answer().code == 1003)
    service.gates.open("slow")
    _ = await host.finish()
  }

  /// The number of reports depends on the time that the work takes: the first always comes, and none after
  /// the answer.
  @Test func progressGrowsAndComesBeforeTheAnswer() async throws {
    let host = try Host(TestService())
    host.request(1, "work", #"{"_meta":{"progressToken":"t\u0031"}}"#)
    host.request(2, "work")
    let (lines, _) = await host.finish()
    let reports = lines.filter { $0.contains("$/progress") }
    #expect(Array(lines.prefix(reports.count)) == reports)
    let first =
      #"{"jsonrpc":"2.0","method":"$/progress","params":{"token":"t\u0031","value":{"done":0,"total":100}}}"#
    #expect(reports.first == first)
    let steps = reports.compactMap { $0.split(separator: #""done":"#).last?.prefix { $0.isNumber } }
    #expect(steps.compactMap { Int($0) } == Set(steps.compactMap { Int($0) }).sorted())
    #expect(try lines.dropFirst(reports.count).map { try Answer($0).id } == ["1", "2"])
  }

  /// Requests of every kind, some cancelled, some in batches, some with the id of another: every accepted
  /// request is answered exactly once.
  @Test(arguments: 0..<4) func everyRequestIsAnsweredOnce(_ run: Int) async throws {
    let seed = UInt64.random(in: 0...(.max))
    var random = SeededGenerator(seed: seed)
    var limits = Limits()
    limits.inFlight = run % 2 == 0 ? 256 : 16
    let service = TestService()
    let host = try Host(service, limits: limits)
    service.gates.open("open")
    let methods = ["ping", "append", "read", "gate", "wait", "stubborn", "nothing", "fail"]
    var sent = 0
    var answersWithoutID = 0
    func next(_ random: inout SeededGenerator) -> String {
      sent += 1
      let method = methods.randomElement(using: &random)!
      let timeout = Int.random(in: 0..<20, using: &random) == 0 ? #","_meta":{"timeout_ms":1}"# : ""
      return #"{"jsonrpc":"2.0","id":\#(sent),"method":"\#(method)","params":{"#
        + #""key":\#(sent % 5),"value":\#(sent),"gate":"open"\#(timeout)}}"#
    }
    for _ in 0..<3_000 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0:
        host.send("[" + (0..<5).map { _ in next(&random) }.joined(separator: ",") + "]")
      case 1, 2: host.cancel("\(Int.random(in: max(1, sent - 20)...(sent + 1), using: &random))")
      case 3:
        host.send("nonsense")
        answersWithoutID += 1
      default: host.send(next(&random))
      }
    }
    let (lines, ending) = await host.finish()
    #expect(ending == .endOfInput)
    var ids: [String: Int] = [:]
    for line in lines {
      for answer in line.first == "[" ? try Answer.batch(line) : [try Answer(line)] {
        ids[answer.id, default: 0] += 1
      }
    }
    #expect(ids.removeValue(forKey: "null") == answersWithoutID, "seed \(seed)")
    #expect(ids.count == sent && ids.values.allSatisfy { $0 == 1 }, "seed \(seed)")
  }
}
