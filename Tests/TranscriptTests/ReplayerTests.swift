import JSON
import Testing

@testable import Transcript

/// Steps compared with given answers: the cases that are a difference, and those that are not.
struct ReplayerTests {
  /// A playback of given answers, as if they came from a program.
  struct Script: Playback {
    var answers: [String]
    var status: Int32? = 0
    var sent: [String] = []

    mutating func send(_ line: [UInt8]) { sent.append(String(decoding: line, as: UTF8.self)) }
    mutating func receive() -> [UInt8]? { answers.isEmpty ? nil : Array(answers.removeFirst().utf8) }
    mutating func finish(endingInput: Bool) -> (status: Int32?, rest: [[UInt8]]) {
      defer { answers = [] }
      return (status, answers.map { Array($0.utf8) })
    }
  }

  private func play(_ steps: [String], _ answers: [String], status: Int32? = 0) throws -> (Script, [String]) {
    var script = Script(answers: answers, status: status)
    var differences: [String] = []
    var replayer = Replayer { differences.append($0) }
    let parsed = try steps.enumerated().map { ($0 + 1, try #require(Step(JSON(parsing: Array($1.utf8))))) }
    replayer.play(parsed.map { (line: $0, step: $1) }, to: &script)
    return (script, differences)
  }

  @Test func answersMayComeInAnyOrder() throws {
    let (_, differences) = try play(
      [#"{"expect":{"id":1,"result":"a"}}"#, #"{"expect":{"id":"1","result":"b"}}"#],
      [#"{"id":"1","result":"b"}"#, #"{"id":1,"result":"a"}"#])
    #expect(differences == [])
  }

  @Test func answersWithoutAnIDAreToldApartByWhatTheySay() throws {
    let (_, differences) = try play(
      [#"{"expect_all":[{"id":null,"error":1},{"id":null,"error":2},{"id":4}]}"#],
      [#"{"id":null,"error":2}"#, #"{"id":4}"#, #"{"id":null,"error":1}"#])
    #expect(differences == [])
  }

  @Test func whatIsBoundIsSent() throws {
    let (script, differences) = try play(
      [
        #"{"expect":{"id":1,"result":{"nid":"<nid:a>"}}}"#, #"{"send":{"nids":["<nid:a>","<nid:b>"]}}"#,
      ], [#"{"id":1,"result":{"nid":"real"}}"#])
    #expect(differences == [])
    #expect(script.sent == [#"{"nids":["real","b"]}"#])
  }

  @Test(arguments: [
    (#"{"expect":{"id":1,"result":1}}"#, #"{"id":1,"result":2}"#, "at $.result"),
    (#"{"expect":{"id":1,"result":true}}"#, #"{"id":1,"result":1}"#, "at $.result"),
    (#"{"expect":{"id":1,"result":[1]}}"#, #"{"id":1,"result":[1,2]}"#, "at $.result"),
    (#"{"expect":{"id":1}}"#, #"{"id":1,"x":2}"#, "x was not expected"),
    (#"{"expect":{"id":1,"x":2}}"#, #"{"id":1}"#, "x is missing"),
    (#"{"expect":{"id":1,"t":"<time>"}}"#, #"{"id":1,"t":"2025-01-31T23:59:59Z"}"#, "at $.t"),
    (#"{"expect":{"id":1,"n":["<nid:a>","<nid:b>"]}}"#, #"{"id":1,"n":["x","x"]}"#, "at $.n[1]"),
    (#"{"expect":{"id":1,"n":["<nid:a>","<nid:a>"]}}"#, #"{"id":1,"n":["x","y"]}"#, "at $.n[1]"),
    (#"{"expect":{"id":1}}"#, #"{"id":2}"#, "no answer came"),
    (#"{"expect_batch":[{"id":1},{"id":2}]}"#, #"[{"id":1}]"#, "no batch"),
    (#"{"expect_batch":[{"id":1},{"id":2,"x":1}]}"#, #"[{"id":2,"x":2},{"id":1}]"#, "at $.x"),
    (#"{"comment":"nothing"}"#, #"{"id":1}"#, "nothing more was expected"),
    (#"{"exit":1}"#, #"{"method":"$/progress"}"#, "exit status"),
    (#"{"expect":{"id":1}}"#, "no JSON", "not JSON"),
  ]) func differences(_ step: String, _ answer: String, _ told: String) throws {
    let (_, differences) = try play([step], [answer])
    #expect(differences.contains { $0.contains(told) }, "\(differences)")
  }

  @Test func aProgramThatDoesNotEndByItself() throws {
    let (_, differences) = try play([#"{"exit":0}"#], [], status: nil)
    #expect(differences.contains { $0.contains("does not end by itself") })
  }

  /// The time grows only with the number of messages: each pattern is looked up, not searched for.
  @Test func manyMessages() throws {
    let ids = 0..<5_000
    let patterns = ids.map { #"{"id":\#($0),"nid":"<nid:\#($0)>"}"# }.joined(separator: ",")
    let (_, differences) = try play(
      [#"{"expect_all":[\#(patterns)]}"#, #"{"expect_all":[\#(patterns)]}"#],
      ids.reversed().map { #"{"id":\#($0),"nid":"n\#($0)"}"# })
    #expect(differences.count == ids.count && differences.allSatisfy { $0.contains("no answer came") })
  }

  @Test(arguments: [
    ("", "", true), ("abc", "", true), ("", "a", false), ("aaab", "aab", true), ("abababac", "ababac", true),
    ("abcabd", "abd", true), ("aabaab", "aabaac", false), ("x", "xx", false),
  ]) func searching(_ text: String, _ sought: String, _ isThere: Bool) {
    #expect(contains(Array(text.utf8)[...], Array(sought.utf8)) == isThere)
  }

  @Test func whatIsAllowed() throws {
    let (_, differences) = try play(
      [
        #"{"expect":{"id":1,"a":"<string>","b":"<number>","c":"<any>","d":{"x":1,"<open>":true},"e":1.0}}"#,
        #"{"expect_batch":[{"id":1},{"id":2}]}"#, #"{"exit":3}"#,
      ],
      [
        #"{"id":1,"a":"","b":-1e3,"c":null,"d":{"x":1,"y":2},"e":1}"#,
        #"{"method":"$/progress","params":{}}"#,
        #"[{"id":2},{"id":1}]"#,
      ], status: 3)
    #expect(differences == [])
  }
}
