import Foundation
import Testing

@testable import JSONRPC

@Suite(.timeLimit(.minutes(10)))
struct ServerTests {
  @Test func pingAndEcho() async throws {
    let host = try Host(TestService())
    host.send(#"{"jsonrpc":"2.0","id":"a\u0031","method":"echo","params":{"x": [1, 2]}}"#)
    #expect(await host.next() == #"{"jsonrpc":"2.0","id":"a\u0031","result":{"x": [1, 2]}}"#)
    host.request(1, "ping")
    #expect(await host.next() == #"{"jsonrpc":"2.0","id":1,"result":{}}"#)
    #expect(await host.finish() == ([], .endOfInput))
  }

  @Test func lastLineWithoutLF() async throws {
    let host = try Host(TestService())
    host.send(text: #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
    let (lines, _) = await host.finish()
    #expect(lines == [#"{"jsonrpc":"2.0","id":1,"result":{}}"#])
  }

  @Test func oneByteAtATime() async throws {
    let host = try Host(TestService())
    for byte in Array(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#.utf8) + [10] { host.send([byte]) }
    #expect(await host.next() == #"{"jsonrpc":"2.0","id":1,"result":{}}"#)
    #expect(await host.finish().ending == .endOfInput)
  }

  @Test func errorsOfTheService() async throws {
    let host = try Host(TestService())
    for (how, code, kind) in [
      ("conflict", 2002, "conflict"), ("cancellation", -32800, "cancelled"), ("other", -32603, "internal"),
    ] {
      host.request(1, "fail", #"{"how":"\#(how)"}"#)
      let answer = try await host.answer()
      #expect(answer.code == code && answer.kind == kind && answer.id == "1")
    }
    _ = await host.finish()
  }

  @Test func anAnswerThatIsTooLarge() async throws {
    var limits = Limits()
    limits.answerBytes = 1_000
    let host = try Host(TestService(), limits: limits)
    host.request(1, "big", #"{"bytes":1000}"#)
    host.request(2, "big", #"{"bytes":1001}"#)
    host.request(3, "big", #"{"bytes":5000,"alone":true}"#)
    let answers = try await host.next(3).map(Answer.init)
    #expect(answers[0].code == nil)
    #expect(answers[1].code == 1002 && answers[1].details == #"{"limit":1000}"#)
    #expect(answers[2].code == nil && answers[2].result?.utf8.count == 5_000)
    _ = await host.finish()
  }

  @Test func lineBreaksInAResultDontBreakTheLine() async throws {
    let host = try Host(TestService())
    let body = #"{"jsonrpc":"2.0","id":1,"method":"echo","params":{"a":\#n1}}"#
    host.send(text: "Content-Length: \(body.utf8.count)\r\n\r\n" + body)
    #expect(await host.next() == "Content-Length: 42\r")
    #expect(await host.next() == "\r")
    host.closeInput()
    #expect(await host.next() == #"{"jsonrpc":"2.0","id":1,"result":{"a":"#)
    #expect(await host.next() == "1}}")
    #expect("{\"a\":\r\n1}".utf8.map { $0 }.without(.lineEnds) == Array("{\"a\":  1}".utf8))
  }

  @Test func duplicateIDs() async throws {
    let service = TestService()
    let host = try Host(service)
    host.request(1, "gate")
    host.send(#"{"jsonrpc":"2.0","id":"1","method":"ping"}"#)
    #expect(try await host.answer().id == #""1""#)
    host.request(1, "ping")
    host.request(1, "nothing")
    host.send(#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#)
    host.request(1, "initialize")
    host.send(#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":NaN}}"#)
    for answer in try await host.next(5).map(Answer.init) {
      #expect(answer.id == "null" && answer.code == -32600 && answer.details == #"{"id":1}"#)
    }
    service.gates.open("gate")
    #expect(try await host.answer() == Answer(#"{"id":1,"result":null}"#))
    host.request(1, "ping")
    #expect(await host.next() == #"{"jsonrpc":"2.0","id":1,"result":{}}"#)
    _ = await host.finish()
  }

  @Test func batchWaitsForItsLastAnswer() async throws {
    let service = TestService()
    let host = try Host(service)
    host.send(
      #"[{"jsonrpc":"2.0","id":1,"method":"gate"},{"jsonrpc":"2.0","id":2,"method":"ping"},3,"#
        + #"{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"ping"}]"#)
    host.request(9, "ping")
    #expect(try await host.answer().id == "9")
    service.gates.open("gate")
    let answers = try await host.batch()
    #expect(answers.map(\.id) == ["2", "null", "null", "1"])
    _ = await host.finish()
  }

  /// It is refused as a whole; one item less takes effect in its order.
  @Test func batchOfTooManyItems() async throws {
    let service = TestService()
    let host = try Host(service)
    for count in [1_001, 1_000] {
      let items = (1...count).map {
        #"{"jsonrpc":"2.0","id":\#($0),"method":"append","params":{"key":1,"value":\#($0)}}"#
      }
      host.send("[" + items.joined(separator: ",") + "]")
    }
    let refused = try await host.answer()
    #expect(refused.code == -32600 && refused.id == "null")
    #expect(try await host.batch().map(\.id).sorted() == (1...1_000).map(String.init).sorted())
    #expect(service.lists.withLock { $0["1"] } == Array(1...1_000))
    _ = await host.finish()
  }

  @Test func manyBatchesAtOnce() async throws {
    let host = try Host(TestService())
    for batch in 1...100 {
      let items = (1...100).map { #"{"jsonrpc":"2.0","id":"\#(batch).\#($0)","method":"ping"}"# }
      host.send("[" + items.joined(separator: ",") + "]")
    }
    var seen: Set<Substring> = []
    for _ in 1...100 {
      let answers = try await host.batch()
      let owners = Set(answers.compactMap { $0.id.split(separator: ".").first })
      #expect(answers.count == 100 && owners.count == 1)
      seen.formUnion(owners)
    }
    #expect(seen.count == 100)
    _ = await host.finish()
  }

  @Test(
    arguments: [
      "0", "-7", "9007199254740993", #""1""#, #""é""#, #""""#, #""a\u0031""#,
      "\"" + String(repeating: "x", count: 1_000) + "\"",
    ]) func idsComeBackByteForByte(_ id: String) async throws
  {
    let host = try Host(TestService())
    host.send(#"{"jsonrpc":"2.0","id":\#(id),"method":"ping"}"#)
    #expect(await host.next() == #"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
    _ = await host.finish()
  }

  @Test func positionalParameters() async throws {
    let host = try Host(TestService())
    host.request(1, "ping", "[1]")
    host.request(2, "ping", "[]")
    host.request(3, "ping", "null")
    let answers = try await host.next(3).map(Answer.init)
    #expect(answers.map(\.code) == [-32602, nil, nil] && answers[0].details == #"{"pointer":""}"#)
    _ = await host.finish()
  }

  @Test func lostSync() async throws {
    let host = try Host(TestService())
    host.send(
      text: "Content-Length: 40\r\n\r\n" + #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#
        + "Content-Length: x\r\n\r\n")
    #expect(await host.ending() == .lostSync)
    #expect(Ending.lostSync.status == 65)
    host.closeInput()
  }

  @Test func lifecycle() async throws {
    let host = try Host(TestService())
    host.request(1, "initialize", #"{"processId":null,"capabilities":{}}"#)
    host.send(#"{"jsonrpc":"2.0","method":"initialized","params":{}}"#)
    host.send(#"{"jsonrpc":"2.0","method":"$/setTrace","params":{"value":"messages"}}"#)
    host.send(#"{"jsonrpc":"2.0","method":"$/whatever","params":[1]}"#)
    host.request(2, "ping")
    host.request(3, "shutdown")
    host.request(4, "ping")
    host.request(5, "shutdown")
    host.send(#"{"jsonrpc":"2.0","method":"exit"}"#)
    let answers = try await host.next(5).map(Answer.init)
    #expect(answers[0].result == #"{"capabilities":{},"serverInfo":{"name":"test","version":"1.0"}}"#)
    #expect(answers.map(\.id) == ["1", "2", "3", "4", "5"])
    #expect(answers.map(\.kind) == [nil, nil, nil, "shutting_down", "shutting_down"])
    #expect(answers[2].result == "null" && answers[3].code == -32600)
    #expect(await host.ending() == .exit(afterShutdown: true))
    host.closeInput()
  }

  @Test func exitWithoutShutdownFinishesWhatWasAccepted() async throws {
    let service = TestService()
    let host = try Host(service)
    host.request(1, "gate")
    host.request(2, "wait")
    try await service.gates.wait(for: "gate", count: 1)
    host.send(#"{"jsonrpc":"2.0","method":"exit"}"#, #"{"jsonrpc":"2.0","id":3,"method":"ping"}"#)
    #expect(try await host.answer().result == #""ended""#)
    service.gates.open("gate")
    #expect(try await host.answer().id == "1")
    let ending = await host.ending()
    #expect(ending == .exit(afterShutdown: false) && ending?.status == 1)
    host.closeInput()
  }

  @Test func statistics() async throws {
    let host = try Host(TestService())
    host.request(1, "ping")
    host.request(2, "ping")
    host.request(3, "ping", #"{"_meta":1}"#)
    host.request(4, "wait")
    _ = await host.next(3)
    host.request(5, "status")
    #expect(try await host.answer().result == "[1,1,3,1]")
    _ = await host.finish()
  }

  @Test func eventsComeBehindTheAnswer() async throws {
    let host = try Host(TestService())
    host.request(1, "subscribe")
    #expect(await host.next() == #"{"jsonrpc":"2.0","id":1,"result":{}}"#)
    #expect(await host.next() == #"{"jsonrpc":"2.0","method":"inbox_event","params":{}}"#)
    _ = await host.finish()
  }
}
