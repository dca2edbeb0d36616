import Foundation
import Locks
import Logging
import Testing

@testable import JSONRPC

/// Hosts that don't read, that leave in the middle, or that ask the server to end.
@Suite(.timeLimit(.minutes(10)))
struct MisbehavingHostTests {
  @Test func aHostThatReadsLateMissesNothing() async throws {
    let host = try Host(TestService(), reads: false)
    for id in 1...20_000 { host.request(id, "ping") }
    host.closeInput()
    host.startReading()
    let answers = await host.next(20_000)
    #expect(answers.last == #"{"jsonrpc":"2.0","id":20000,"result":{}}"#)
    #expect(answers.count == 20_000)
    #expect(await host.ending() == .endOfInput)
  }

  /// At the output limit the server stops reading, so the host's own writing stops too.
  @Test func outputLimitStopsReading() async throws {
    var limits = Limits()
    limits.outputBytes = 100_000
    let service = TestService()
    let host = try Host(service, limits: limits, reads: false)
    for id in 1...200 { host.request(id, "big", #"{"bytes":10000}"#) }
    host.request(201, "gate", #"{"value":201}"#)
    try await until { host.server.status.outputBytes >= 100_000 }
    // Far more than fits the pipe and the limit.
    #expect(service.begun.withLock { $0 } == [])
    host.startReading()
    #expect(await host.next(200).count == 200)
    try await service.gates.wait(for: "gate", count: 1)
    service.gates.open("gate")
    #expect(await host.finish().lines.count == 1)
  }

  @Test func batchLargerThanTheOutputLimit() async throws {
    var limits = Limits()
    limits.outputBytes = 100_000
    let host = try Host(TestService(), limits: limits)
    let items = (1...50).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"big","params":{"bytes":10000}}"# }
    host.send("[" + items.joined(separator: ",") + "]")
    let answers = try await host.batch()
    #expect(answers.count == 50)
    #expect(answers.filter { $0.code == nil }.count == 9)
    #expect(answers.filter { $0.kind == "response_too_large" }.count == 41)
    _ = await host.finish()
  }

  /// Running calls are cancelled, and waiting ones end: nobody will read the answers.
  @Test func aHostThatClosesTheOutput() async throws {
    let service = TestService()
    let host = try BrokenHost(service)
    host.request(1, "gate", #"{"key":1}"#)
    host.request(2, "wait", "{}")
    host.request(3, "append", #"{"key":1,"value":1,"gate":"gate"}"#)
    host.request(4, "read", #"{"key":1}"#)
    try await service.gates.wait(for: "gate", count: 2)
    host.request(5, "ping", "{}")
    let ending = await host.ending()
    #expect(ending == .outputClosed && ending?.status == 74)
    #expect(service.gates.count("gate") == 0)
  }

  /// If the last write fails, the ending is never a good one, whichever thread finds out first.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func aFullDiskAtTheEndOfInput() async throws {
    let full = open("/dev/full", O_WRONLY)
    defer { close(full) }
    for _ in 1...300 {
      var input: [Int32] = [-1, -1]
      try #require(Foundation.pipe(&input) == 0)
      let request = Array(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#.utf8) + [0x0A]
      try #require(write(input[1], request, request.count) == request.count)
      close(input[1])
      let server = try Server(
        service: TestService(), info: ServerInfo(name: "test", version: "1.0"), input: input[0],
        output: full, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      let ending = await withCheckedContinuation { continuation in
        Foundation.Thread.detachNewThread { continuation.resume(returning: server.run()) }
      }
      close(input[0])
      try #require(ending == .outputClosed)
    }
  }

  /// Events can be had again: a host that doesn't read them doesn't hold the server.
  @Test(arguments: [false, true])
  func aHostThatDoesNotReadItsLastEvents(_ drains: Bool) async throws {
    let log = Log()
    var limits = Limits()
    limits.lastEventsMilliseconds = 20
    let host = try Host(
      TestService(), limits: limits, reads: false, logger: Logger(label: "test") { _ in log })
    host.request(1, "follow", #"{"value":1000,"bytes":5000}"#)
    try await until { host.server.status.outputBytes >= 500_000 }
    if drains { host.server.drain(timeoutMilliseconds: 3_600_000) } else { host.closeInput() }
    let ending = await host.ending()
    #expect(ending == (drains ? .drained : .endOfInput) && ending?.status == 0)
    #expect(
      log.lines.withLock { $0 }.contains { $0.hasPrefix("warning: the host does not read its last events") })
    host.startReading()
    #expect(await host.next() == #"{"jsonrpc":"2.0","id":1,"result":{}}"#)
    if drains { host.closeInput() }
  }

  @Test func answersBehindEventsWaitForTheHost() async throws {
    var limits = Limits()
    limits.lastEventsMilliseconds = 0
    let service = TestService()
    let host = try Host(service, limits: limits, reads: false)
    host.request(1, "follow", #"{"value":1000,"bytes":5000}"#)
    try await until { host.server.status.outputBytes >= 500_000 }
    host.request(2, "gate")
    try await service.gates.wait(for: "gate", count: 1)
    host.request(3, "ping")
    host.closeInput()
    try await until { service.ended.withLock { $0 } == 1 }
    service.gates.open("gate")
    try await until { host.server.status.inFlight == 0 }
    host.startReading()
    let (lines, ending) = await host.finish()
    #expect(lines.contains(#"{"jsonrpc":"2.0","id":3,"result":{}}"#))
    #expect(lines.contains { $0.contains(#""id":2,"#) })
    #expect(ending == .endOfInput)
  }

  @Test func drainFinishesWhatWasAccepted() async throws {
    let service = TestService()
    let host = try Host(service)
    host.request(1, "gate")
    host.request(2, "wait")
    try await service.gates.wait(for: "gate", count: 1)
    host.server.drain(timeoutMilliseconds: 60_000)
    #expect(try await host.answer().result == #""ended""#)
    service.gates.open("gate")
    #expect(try await host.answer().id == "1")
    #expect(await host.ending() == .drained)
    host.closeInput()
  }

  @Test func drainEndsWithItsTime() async throws {
    let service = TestService()
    let host = try Host(service)
    host.request(1, "gate")
    try await service.gates.wait(for: "gate", count: 1)
    host.server.drain(timeoutMilliseconds: 5)
    #expect(await host.ending() == .cutShort)
    service.gates.open("gate")
    host.closeInput()
  }

  @Test func aSecondDrainEndsAtOnce() async throws {
    let service = TestService()
    let host = try Host(service)
    host.request(1, "gate")
    try await service.gates.wait(for: "gate", count: 1)
    host.server.drain(timeoutMilliseconds: 3_600_000)
    host.server.drain(timeoutMilliseconds: 3_600_000)
    #expect(await host.ending() == .cutShort)
    service.gates.open("gate")
    host.closeInput()
  }

  /// The answers are stuck, and behind them the requests.
  @Test func drainWithAHostThatNeverReads() async throws {
    var limits = Limits()
    limits.outputBytes = 1_000_000
    let host = try Host(TestService(), limits: limits, reads: false)
    for id in 1...10_000 { host.request(id, "big", #"{"bytes":100000}"#) }
    try await until { host.server.status.outputBytes >= 1_000_000 }
    host.server.drain(timeoutMilliseconds: 50)
    #expect(await host.ending() == .cutShort)
    host.startReading()
    host.closeInput()
  }

  @Test func drainWhileReadingIsHeldUp() async throws {
    var limits = Limits()
    limits.inFlight = 4
    let service = TestService()
    let host = try Host(service, limits: limits)
    for id in 1...100 { host.request(id, "gate") }
    try await service.gates.wait(for: "gate", count: 4)
    host.server.drain(timeoutMilliseconds: 60_000)
    service.gates.open("gate")
    #expect(await host.next(4).count == 4)
    #expect(await host.ending() == .drained)
    host.closeInput()
  }

  @Test func aHostThatDoesNotReadIsReportedOnce() async throws {
    let log = Log()
    var limits = Limits()
    limits.stallMilliseconds = 1
    let host = try Host(
      TestService(), limits: limits, reads: false, logger: Logger(label: "test") { _ in log })
    for id in 1...10 { host.request(id, "big", #"{"bytes":100000}"#) }
    try await until { !log.lines.withLock(\.isEmpty) }
    host.startReading()
    #expect(await host.finish().lines.count == 10)
    let lines = log.lines.withLock { $0 }
    #expect(lines.count == 1 && lines[0].hasPrefix("warning: the host does not read its answers bytes="))
  }

  @Test func requestsAreLoggedWithoutParameters() async throws {
    let log = Log(level: .debug)
    let host = try Host(TestService(), logger: Logger(label: "test") { _ in log })
    host.request(1, "echo", #"{"secret":"hush"}"#)
    host.request(2, "nothing", #"{"secret":"hush"}"#)
    host.request(3, "fail")
    _ = await host.finish()
    let lines = log.lines.withLock { $0 }
    #expect(lines.contains { $0.hasPrefix("debug: answered id=1 method=echo outcome=result us=") })
    #expect(lines.contains("debug: refused id=2 kind=method_not_found"))
    #expect(lines.contains("error: a request failed unexpectedly error=Unexpected id=3 method=fail"))
    #expect(!lines.contains { $0.contains("hush") })
  }

  @Test func tracingLogsWhateverTheLevel() async throws {
    let log = Log()
    let host = try Host(TestService(), logger: Logger(label: "test") { _ in log })
    host.request(1, "ping")
    host.send(#"{"jsonrpc":"2.0","method":"$/setTrace","params":{"value":"verbose"}}"#)
    host.request(2, "ping")
    host.send(#"{"jsonrpc":"2.0","method":"$/setTrace","params":{"value":"off"}}"#)
    host.request(3, "ping")
    _ = await host.finish()
    #expect(log.lines.withLock(\.count) == 1)
  }
}

/// A host that closed its end for answers before its first request.
private final class BrokenHost: Sendable {
  private let input: Int32
  private let endings: AsyncStream<Ending>

  init(_ service: any Service) throws {
    var requests: [Int32] = [-1, -1]
    var answers: [Int32] = [-1, -1]
    guard pipe(&requests) == 0, pipe(&answers) == 0 else { throw SystemError("pipe") }
    input = requests[1]
    let server = try Server(
      service: service, info: ServerInfo(name: "test", version: "1.0"), input: requests[0],
      output: answers[1], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    close(answers[0])
    let (endings, ending) = AsyncStream<Ending>.makeStream()
    self.endings = endings
    Foundation.Thread.detachNewThread { ending.yield(server.run()) }
  }

  func request(_ id: Int, _ method: String, _ params: String) {
    let line = Array(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#.utf8) + [10]
    _ = line.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
  }

  func ending() async -> Ending? {
    for await ending in endings { return ending }
    return nil
  }
}

/// A log handler that keeps the lines.
private final class Log: LogHandler {
  let lines = Locked<[String]>([])
  private let level: Locked<Logger.Level>

  init(level: Logger.Level = .info) { self.level = Locked(level) }

  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  var logLevel: Logger.Level {
    get { level.withLock { $0 } }
    set { level.withLock { $0 = newValue } }
  }
  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }

  func log(event: LogEvent) {
    let pairs = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
    lines.withLock { $0.append("\(event.level): \(event.message)\(pairs.joined())") }
  }
}
