import Foundation
import Seeds
import Testing

@testable import JSONRPC

/// Input that is no request: each piece gets its answer or none, and what comes behind it is read.
@Suite(.timeLimit(.minutes(10)))
struct BadInputTests {
  @Test func badLinesDontStopTheNext() async throws {
    var limits = Limits()
    limits.requestBytes = 1_000
    let host = try Host(TestService(), limits: limits)
    host.send([0x22, 0xFF, 0x22, 0x0A])
    host.send(#""\ud800""#, "{", String(repeating: "[", count: 900), #"{"a":1,"a":2}"#, "NaN", "{} {}")
    host.send(String(repeating: "x", count: 500_000))
    host.request(1, "ping")
    let answers = try await host.next(9).map(Answer.init)
    #expect(answers.map(\.code) == Array(repeating: -32700, count: 7) + [1001, nil])
    #expect(answers.map(\.id) == Array(repeating: "null", count: 8) + ["1"])
    #expect(answers[7].details == #"{"limit":1000}"#)
    #expect(await host.finish() == ([], .endOfInput))
  }

  @Test func aLineOfEachKindAtOnce() async throws {
    let host = try Host(TestService())
    host.send(
      #"{"jsonrpc":"2.0","method":"ping"}"#, "nonsense", #"{"jsonrpc":"2.0","id":"r","method":"ping"}"#, "",
      "[]", #"[{"jsonrpc":"2.0","method":"ping"},{"jsonrpc":"2.0","id":"b","method":"ping"}]"#)
    host.send(text: #"{"jsonrpc":"2.0","id":1,"meth"#)
    let lines = await host.finish().lines
    let answers = try lines.flatMap { $0.first == "[" ? try Answer.batch($0) : [try Answer($0)] }
    let kinds = answers.map { $0.code.map { "\($0)" } ?? $0.id }
    #expect(kinds.sorted() == [#""b""#, #""r""#, "-32600", "-32700", "-32700"])
  }

  /// Of random lines some are JSON, such as a digit, and no request; all others are no JSON.
  @Test func aMebibyteOfGarbage() async throws {
    var random = SeededGenerator(seed: 1)
    let garbage = (0..<1 << 20).map { _ in UInt8.random(in: 0...255, using: &random) }
    let host = try Host(TestService())
    host.send(garbage + [0x0A])
    host.send(garbage.map { $0 == 0x0A ? 0x78 : $0 } + [0x0A])
    host.request(1, "ping")
    let answers = try await host.finish().lines.map(Answer.init)
    let lines = garbage.split(separator: 0x0A).filter { !$0.allSatisfy { [0x20, 0x09, 0x0D].contains($0) } }
    let digits = lines.count { $0.count == 1 && (0x30...0x39).contains($0.first ?? 0) }
    #expect(answers.last == (try Answer(#"{"id":1,"result":{}}"#)))
    #expect(answers.dropLast().allSatisfy { $0.id == "null" })
    #expect(answers.count { $0.code == -32600 } == digits)
    #expect(answers.count { $0.code == -32700 } == lines.count + 1 - digits)
  }

  @Test func bodiesThatAreBad() async throws {
    let host = try Host(TestService())
    for body in [Array("{".utf8), [0xFF], [], Array(#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#.utf8)] {
      host.send(Array("Content-Length: \(body.count)\r\n\r\n".utf8) + body)
    }
    let lines = await host.finish().lines.joined(separator: "\n")
    #expect(lines.components(separatedBy: #""code":-32700"#).count == 4)
    #expect(lines.hasSuffix(#"{"jsonrpc":"2.0","id":2,"result":{}}"#))
  }

  @Test func notificationsAndResponsesAreNotAnswered() async throws {
    let service = TestService()
    let host = try Host(service)
    host.send(
      #"{"jsonrpc":"2.0","method":"ping"}"#, #"{"jsonrpc":"2.0","method":"nothing"}"#,
      #"{"jsonrpc":"2.0","method":"fail"}"#, #"{"jsonrpc":"2.0","method":"ping","params":[1]}"#,
      #"{"jsonrpc":"2.0","method":"append","params":{"key":1,"value":7}}"#,
      #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":99}}"#,
      #"{"jsonrpc":"2.0","id":5,"result":null}"#,
      #"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no"}}"#,
      #"[{"jsonrpc":"2.0","method":"ping"}]"#)
    #expect(await host.finish() == ([], .endOfInput))
    #expect(service.lists.withLock { $0["1"] } == [7])
  }
}
