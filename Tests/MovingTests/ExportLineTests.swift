import JSON
import Testing

@testable import Inbox
@testable import Moving

/// The lines of an export hold everything, to the byte.
struct ExportLineTests {
  private static let texts: [String] = [
    "a", "\0", "e\u{301}", "\u{E9}", "\n\r\u{2028}\u{85}", "\u{FEFF}", "\u{10FFFF}\"\\",
  ]

  /// An entry in which nothing is left out.
  private static func full(_ text: String) -> LogEntry {
    let body = MessageBody(
      type: Text(text), sender: Text(text), username: text, teamName: text, receiver: Text(text),
      content: text,
      data: "{ \"a\" :\t1.50e+2,\n\"b\":\"\\u0000\" }")
    return LogEntry(
      Message(seq: 7, time: 1_795_375_842_123, token: .max - 1, body: body), isRetracted: false,
      key: Text(text),
      digest: [0, 255, 128])
  }

  /// A new field of a message has to be filled in `full`, and then to be in the list.
  @Test(arguments: texts)
  func everyFieldOfAMessageIsKept(_ text: String) throws {
    let entry = Self.full(text)
    for part in [
      Mirror(reflecting: entry), Mirror(reflecting: entry.message), Mirror(reflecting: entry.message.body),
    ] {
      for child in part.children {
        let isNil = Mirror(reflecting: child.value).displayStyle == .optional && "\(child.value)" == "nil"
        #expect(!isNil, "\(child.label ?? "") is left out here")
      }
    }
    try expectKept(entry)
    let seven = Mirror(reflecting: entry.message.body).children.count
    #expect(ExportField.all.count == seven + 6, "a field of a message that exports do not know")
  }

  @Test func whatIsLeftOutStaysLeftOut() throws {
    var entry = LogEntry(
      Message(seq: 1, time: StoreBounds.times.lowerBound, token: 0, body: MessageBody(type: "t")),
      isRetracted: false,
      key: nil, digest: [])
    try expectKept(entry)
    entry.message.time = StoreBounds.times.upperBound
    entry.isRetracted = true
    try expectKept(entry)
    // A key without a digest, and empty texts.
    entry.key = "k"
    (entry.message.body.content, entry.message.body.username) = ("", "")
    entry.isRetracted = false
    try expectKept(entry)
  }

  private func expectKept(_ entry: LogEntry, _ log: LogName = .member(team: "t\0", user: "\u{E9}")) throws {
    let bytes = ExportLine.message(log, entry).bytes
    #expect(bytes.last == 0x0A)
    #expect(!bytes.dropLast().contains(0x0A))
    guard case .message(let name, let read) = try ExportLine(bytes.dropLast()) else {
      Issue.record("another kind of line")
      return
    }
    #expect(name == log)
    #expect(read == entry)
    #expect(read.message.token == entry.message.token)
    #expect(read.message.body.data.map { Array($0.utf8) } == entry.message.body.data.map { Array($0.utf8) })
    #expect(ExportLine.message(name, read).bytes == bytes)
  }

  @Test(
    arguments: [
      .everyone, .team("t"), .member(team: "t", user: "u"), .account("u"), .account("\0"),
    ] as [LogName])
  func everyLogIsNamed(_ log: LogName) throws {
    guard
      case .log(let name, let tail, let head) = try ExportLine(
        ExportLine.log(log, tail: 3, head: 9).bytes.dropLast())
    else {
      Issue.record("another kind of line")
      return
    }
    #expect((name, tail, head) == (log, 3, 9))
    guard case .partOfLog(log) = try ExportLine(ExportLine.partOfLog(log).bytes.dropLast()) else {
      Issue.record("another kind of line")
      return
    }
  }

  /// Sections go through by their tags: marks in which every section is there come out the same.
  @Test func everySectionOfMarksIsKept() throws {
    var marks = Marks()
    (marks.version, marks.stamp) = (12, .max)
    marks.membership = Membership(standing: .member, closed: SequenceSet(2, through: 4), since: 9)
    for side in Inbox.Side.allCases {
      marks[side].read = SequenceSet(numbers: [1, 3, 500])
      marks[side].seen = SequenceSet(2)
      marks[side].archived = SequenceSet(3)
      marks[side].deleted = SequenceSet(4)
      marks[side].folded = 600
      for child in Mirror(reflecting: marks[side]).children {
        #expect(
          child.value as? SequenceSet != SequenceSet() && child.value as? Int != 0, "\(child.label ?? "")")
      }
    }
    let inbox = Inbox(user: "u", team: "t")
    let bytes = ExportLine.marks(inbox, marks).bytes
    guard case .marks(let name, let read) = try ExportLine(bytes.dropLast()) else {
      Issue.record("another kind of line")
      return
    }
    #expect(name == inbox)
    #expect(read == marks)
    let json = try JSON(parsing: bytes)
    let tags = json["sections"].map { $0.members.map(\.key.string) }
    #expect(tags == (1...11).map { "\($0)" })
  }

  @Test func everySectionOfARecordIsKept() throws {
    var record = LogRecord()
    record.tail = 3
    for seq in [9, 4, 2000, 5] { _ = record.retract(seq) }
    let bytes = ExportLine.record(.everyone, record).bytes
    guard case .record(_, let read) = try ExportLine(bytes.dropLast()) else {
      Issue.record("another kind of line")
      return
    }
    #expect(read == record)
    let json = try JSON(parsing: bytes)
    #expect(json["sections"].map { $0.members.map(\.key.string) } == ["1", "2", "3"])
  }

  @Test(arguments: [
    ("", "not JSON: the text is empty at byte 0"),
    ("[]", "not a JSON object"),
    (#"{"kind":"letter"}"#, "there is no such kind of line"),
    (#"{"format":"tidings-export"}"#, "kind is missing"),
    (#"{"kind":"header","format":"other","version":1,"holds":"all"}"#, "not an export of Tidings"),
    (
      #"{"kind":"header","format":"tidings-export","version":2,"holds":"all"}"#,
      "version 2 of the format: this program reads version 1"
    ),
    (
      #"{"kind":"header","format":"tidings-export","version":1,"holds":"some"}"#,
      "holds is none of all, team, user"
    ),
    (#"{"kind":"message","team_id":"","seq":1}"#, "team_id has no possible length"),
    (#"{"kind":"message","message_type":"n","create_time":"2026-01-01T00:00:00Z"}"#, "seq is missing"),
    (
      #"{"kind":"message","seq":1,"message_type":"n","create_time":"2026-02-30T00:00:00Z"}"#,
      "create_time is no time by RFC 3339"
    ),
    (
      #"{"kind":"message","seq":1,"create_time":"2026-01-01T00:00:00Z","message_type":"n","expires":1}"#,
      "\"expires\" is no member of this version of the format"
    ),
    (#"{"kind":"message","seq":1,"message_type":"n"}"#, "create_time is missing"),
    (#"{"kind":"message","seq":1,"message_type":"n","data":"[]"}"#, "data is no JSON object"),
    (#"{"kind":"message","seq":1,"message_type":"n","token":"AA"}"#, "token has not 8 bytes"),
    (
      #"{"kind":"message","seq":1,"create_time":"2026-01-01T00:00:00Z","message_type":"n","digest":"AA"}"#,
      "digest without idempotency_key"
    ),
    (
      #"{"kind":"marks","reader_id":"u","version":1,"stamp":"AAAAAAAAAAA","format":2,"sections":{"200":"AA"}}"#,
      "the marks can't be read: written by a newer version of Tidings"
    ),
    (
      #"{"kind":"marks","team_id":"u","version":1,"stamp":"AAAAAAAAAAA","format":2,"sections":{}}"#,
      "reader_id is missing"
    ),
    (#"{"kind":"record","format":3,"sections":{"2":"A*"}}"#, "sections is not base64url"),
  ])
  func aLineThatIsNoneIsRefused(_ line: String, _ reason: String) {
    let error = #expect(throws: BadLine.self) { try ExportLine(Array(line.utf8)) }
    #expect(error?.description == reason)
  }
}
