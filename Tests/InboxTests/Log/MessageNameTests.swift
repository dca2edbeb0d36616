import Inbox
import Testing

@Suite struct MessageNameTests {
  static let logs: [LogName] = [
    .team("blue"), .team("a\u{0}b"), .team("é"), .team("e\u{301}"),
    .team(Text(String(repeating: "x", count: 128))),
    .member(team: "blue", user: "bo"), .member(team: "b", user: "luebo"), .member(team: ".", user: "/+="),
    .everyone, .account("bo"), .account("blue"), .account("🦊"),
  ]

  @Test(arguments: logs) func namesComeBack(_ log: LogName) throws {
    #expect(try LogName(encoded: log.encoded) == log)
    for seq in [1, 9, 10, 4_294_967_295] {
      let name = MessageName(log: log, seq: seq)
      #expect(MessageName(nid: name.nid) == name)
    }
  }

  @Test func aNameSaysWhatItWasMadeOf() {
    #expect(LogName.team("e\u{301}").kind == .team("e\u{301}"))
    #expect(LogName.member(team: "b", user: "luebo").kind == .member(team: "b", user: "luebo"))
    #expect(LogName.everyone.kind == .everyone)
    #expect(LogName.account("bo").kind == .account("bo"))
    for inbox in [Inbox(user: "bo"), Inbox(user: "bo", team: "blue")] {
      #expect(Inbox(own: inbox.own) == inbox)
      #expect(Inbox(own: inbox.own)?.shared == inbox.shared)
      #expect(Inbox(own: inbox.shared) == nil)
    }
  }

  @Test func noTwoLogsShareAName() {
    #expect(Set(Self.logs.map(\.encoded)).count == Self.logs.count)
    #expect(Set(Self.logs.map { MessageName(log: $0, seq: 1).nid }).count == Self.logs.count)
  }

  @Test(arguments: [
    "", ".", "1", ".1", "AQRibHVl", "AQRibHVl.", "AQRibHVl.0", "AQRibHVl.01", "AQRibHVl.-1", "AQRibHVl.+1",
    "AQRibHVl.1 ", " AQRibHVl.1", "AQRibHVl.1a", "AQRibHVl.9999999999999999999", "AQRibHVl=.1",
    "AQRibHVm.1x", "AQ.1", "BQRibHVl.1", "Aw.1.1", "AwA.1", "Ax.1", "AQGA.1", "AQA.1", "AQH_.1", "nid",
  ])
  func otherTextNamesNothing(_ text: String) {
    #expect(MessageName(nid: text) == nil)
  }

  @Test func everyTruncationNamesNothingOrSomethingElse() {
    let name = MessageName(log: .member(team: "blue", user: "bo"), seq: 120)
    for length in 0..<name.nid.count {
      let other = MessageName(nid: String(name.nid.prefix(length)))
      #expect(other != name)
      if let other { #expect(other.nid == String(name.nid.prefix(length))) }
    }
  }
}
