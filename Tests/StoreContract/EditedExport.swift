import Inbox
import Moving
import Testing

/// An export, and edits of its lines that would bring about each kind of fault.
enum EditedExport {
  /// What becomes of an edit: it is refused with this sentence, or what it spoils is made anew.
  enum Outcome {
    case refused(String)
    case mended
  }

  struct Edit {
    var change: (inout [String]) -> Void
    var outcome: Outcome

    /// An edit of the text of one line.
    init(_ line: Int, _ old: String, _ new: String, _ outcome: Outcome) {
      change = { lines in
        #expect(lines[line].contains(old), "\(old)")
        lines[line].replace(old, with: new)
      }
      self.outcome = outcome
    }

    init(_ outcome: Outcome, _ change: @escaping (inout [String]) -> Void) {
      (self.change, self.outcome) = (change, outcome)
    }
  }

  static let judge = MessageJudge(
    digest: { body in
      let text = Array((body.content ?? "").utf8.prefix(32))
      return text + [UInt8](repeating: 0, count: 32 - text.count)
    }, isData: { $0.hasPrefix("{") && $0.hasSuffix("}") })

  private static func digest(_ content: String) -> String {
    Base64URL.encode(judge.digest(MessageBody(type: "n", content: content)))
  }

  private static func message(_ log: String, _ seq: Int, _ rest: String) -> String {
    #"{"kind":"message",\#(log),"seq":\#(seq),"create_time":"2026-01-02T11:00:0\#(seq).000Z","#
      + #""message_type":"note","token":"AAAAAAAAAA\#(["A", "E", "I", "M"][seq])",\#(rest)}"#
  }

  private static let team = #""team_id":"t""#
  private static let own = #""team_id":"t","reader_id":"bob""#
  private static let (first, second, third, record, marks) = (2, 3, 4, 5, 8)

  static var lines: [String] {
    [
      #"{"kind":"header","format":"tidings-export","version":1,"holds":"all"}"#,
      #"{"kind":"log",\#(team),"tail":1,"head":3}"#,
      message(
        team, 1, #""user_id":"ann","content":"one","idempotency_key":"k","digest":"\#(digest("one"))""#),
      message(
        team, 2, #""user_id":"ann","idempotency_key":"l","digest":"\#(digest("two"))","retracted":true"#),
      message(team, 3, #""user_id":"bob","content":"three","data":"{}""#),
      recordLine([2]),
      #"{"kind":"log",\#(own),"tail":1,"head":1}"#,
      message(own, 1, #""user_id":"ann","content":"own","idempotency_key":"k","digest":"\#(digest("own"))""#),
      marksLine(SequenceSet(1)),
      #"{"kind":"end","logs":2,"messages":4,"records":1,"marks":1}"#,
    ]
  }

  private static func recordLine(_ retracted: [Int]) -> String {
    var record = LogRecord()
    for seq in retracted { _ = record.retract(seq) }
    return text(.record(.team("t"), record))
  }

  private static func marksLine(_ read: SequenceSet) -> String {
    var marks = Marks(
      shared: LogMarks(read: read, through: 1), own: LogMarks(read: SequenceSet(1), through: 1),
      isMember: true)
    (marks.version, marks.stamp) = (3, 5)
    return text(.marks(bob, marks))
  }

  private static func text(_ line: ExportLine) -> String {
    String(decoding: line.bytes.dropLast(), as: UTF8.self)
  }

  /// How an edited line brings about each kind of fault; nothing for those of a store's own tables, which no line tells.
  static func edits(_ kind: FaultKind) -> [Edit] {
    let long = String(repeating: "x", count: 129)
    let missing = "message 2 is missing: the rest of its log is left out"
    switch kind {
    case .file, .table, .index, .indexContent, .stranger, .logID, .headTime, .headToken, .recordVersion,
      .counts:
      return []
    case .logName:
      return [
        Edit(6, #""t""#, #""""#, .refused("team_id has no possible length")),
        Edit(6, #""bob""#, "\"\(long)\"", .refused("reader_id has no possible length")),
      ]
    case .head:
      return [
        Edit(1, #""head":3"#, #""head":4"#, .refused("message 4 is missing")),
        Edit(
          1, #""head":3"#, #""head":2"#, .refused("the log ends with message 2: what follows it is left out")),
        Edit(1, #""tail":1"#, #""tail":0"#, .refused("tail and head are no possible numbers")),
        Edit(
          1, #""tail":1"#, #""tail":2"#, .refused("message 2 is missing: the rest of its log is left out")),
      ]
    case .record:
      return [
        Edit(record, #""2":""#, #""2":"____"#, .refused("the record can't be read: ")),
        Edit(record, #""format":3"#, #""format":300"#, .refused("format is no possible number")),
      ]
    case .recordRange:
      return [
        Edit(.refused("the log's retractions are not those of its messages")) {
          $0[record] = recordLine([2, 9])
        }
      ]
    case .retractionOrder:
      // The list names message 3, and the set message 2.
      return [
        Edit(
          record, #""3":"AQAAAAAAAAAAAQI""#, #""3":"AQAAAAAAAAAAAQM""#,
          .refused("the log's retractions are not those of its messages")),
        Edit(
          record, #""3":"AQAAAAAAAAAAAQI""#, #""3":"AgAAAAAAAAAAAgIC""#,
          .refused("the log's retractions are not those of its messages")),
      ]
    case .retractionLost:
      return [
        Edit(.mended) { lines in
          lines.remove(at: record)
          lines[lines.count - 1].replace(#""records":1"#, with: #""records":0"#)
        },
        Edit(.refused("the log's retractions are not those of its messages")) {
          $0[record] = recordLine([1])
        },
      ]
    case .recordStray:
      return [
        Edit(.refused("a record stands behind the messages of its log")) { $0.swapAt(1, record) },
        Edit(record, #""t""#, #""u""#, .refused("a record stands behind the messages of its log")),
      ]
    case .hole: return [Edit(.refused(missing)) { $0.remove(at: second) }]
    case .number:
      return [
        Edit(second, #""seq":2"#, #""seq":0"#, .refused("seq is missing")),
        Edit(second, #""seq":2"#, #""seq":-2"#, .refused("seq is no possible number")),
        Edit(second, #""seq":2"#, #""seq":1e99"#, .refused("seq is no possible number")),
      ]
    case .numberTwice: return [Edit(second, #""seq":2"#, #""seq":1"#, .refused(missing))]
    case .orphan:
      return [Edit(second, #""t""#, #""u""#, .refused("a message stands behind the line of its log"))]
    case .time:
      return [
        Edit(third, "2026-01-02T", "yesterday", .refused("create_time is no time by RFC 3339")),
        Edit(third, #""create_time""#, #""created""#, .refused("create_time is missing")),
      ]
    case .timeOrder:
      return [Edit(third, "2026-", "2025-", .refused("message 3 is earlier than the message before it"))]
    case .token:
      return [
        Edit(third, #""token":"AAAAAAAAAAM","#, "", .mended),
        Edit(third, "AAAAAAAAAAM", "AAAAAAAAAAA", .mended),
        Edit(third, "AAAAAAAAAAM", "AAAA", .refused("token has not 8 bytes")),
      ]
    case .type:
      return [
        Edit(third, #""message_type":"note""#, #""message_type":"""#, .refused("message_type is missing"))
      ]
    case .text:
      return [
        Edit(third, "three", #"\ud800"#, .refused("not JSON: ")),
        Edit(third, #""three""#, "3", .refused("content is no text")),
      ]
    case .identifier:
      return [
        Edit(third, #""bob""#, #""""#, .refused("message 3 has an identifier of no possible length")),
        Edit(third, #""note""#, "\"\(long)\"", .refused("message 3 has an identifier of no possible length")),
      ]
    case .length:
      return [
        Edit(third, "three", String(repeating: "x", count: 65_537), .refused("message 3 is longer than any")),
        Edit(
          third, #""content""#, "\"username\":\"\(long)\(String(repeating: long, count: 8))\",\"content\"",
          .refused("message 3 is longer than any")),
      ]
    case .data:
      return [
        Edit(third, #""{}""#, #""[]""#, .refused("data is no JSON object")),
        Edit(third, #""{}""#, #""{}x""#, .refused("data is no JSON object")),
        Edit(
          third, #""{}""#, "\"{\\\"a\\\":\\\"\(String(repeating: "x", count: 65_536))\\\"}\"",
          .refused("message 3 has data that is no JSON object, or longer than any")),
      ]
    case .retractedBody:
      return [
        Edit(second, #""retracted""#, #""content":"two","data":"{}","retracted""#, .mended),
        // The record alone says that it was retracted.
        Edit(.mended) { lines in
          lines[second].replace(#","retracted":true"#, with: #","content":"two""#)
        },
        Edit(.mended) { $0[record] = recordLine([2, 1]) },
      ]
    case .key:
      return [
        Edit(first, #""k""#, #""""#, .refused("message 1 has a key of no possible length")),
        Edit(first, #""k""#, "\"\(long)\"", .refused("message 1 has a key of no possible length")),
      ]
    case .keyTwice:
      return [
        Edit(.refused("another message has the key of message 3")) { lines in
          lines[third].replace("bob", with: "ann")
          lines[third].replace(
            #""data":"{}""#, with: #""idempotency_key":"k","digest":"\#(digest("three"))""#)
        }
      ]
    case .digest:
      let sentence = "message 1 has the digest of another message"
      return [
        Edit(first, #""one""#, #""eno""#, .refused(sentence)),
        Edit(first, digest("one"), digest("other"), .refused(sentence)),
        Edit(second, #","retracted":true"#, "", .refused("message 2 has the digest of another message")),
      ]
    case .digestLength:
      let sentence = "message 1 has a key without a digest of 32 bytes"
      return [
        Edit(first, digest("one"), "AAAA", .refused(sentence)),
        Edit(first, digest("one"), "", .refused(sentence)),
        Edit(first, digest("one"), digest("one") + digest("one"), .refused(sentence)),
        Edit(first, #","digest":"\#(digest("one"))""#, "", .refused(sentence)),
        Edit(second, digest("two"), "AAAA", .refused("message 2 has a key without a digest of 32 bytes")),
      ]
    case .digestStray:
      return [Edit(first, #""idempotency_key":"k","#, "", .refused("digest without idempotency_key"))]
    case .unknownField:
      return [
        Edit(
          first, #""content""#, #""expires":1,"content""#,
          .refused("\"expires\" is no member of this version of the format"))
      ]
    case .marks:
      return [
        Edit(marks, #""2":""#, #""2":"____"#, .refused("the marks can't be read: ")),
        Edit(.refused("the inbox's marks were there before")) {
          $0.insert(marksLine(SequenceSet()), at: marks)
        },
      ]
    case .marksName:
      return [
        Edit(marks, #""reader_id":"bob","#, "", .refused("reader_id is missing")),
        Edit(marks, #""bob""#, #""""#, .refused("reader_id has no possible length")),
      ]
    case .marksVersion:
      return [
        Edit(marks, #""version":3"#, #""version":-3"#, .refused("version is no possible number")),
        Edit(
          marks, #""version":3"#, #""version":9007199254740993"#,
          .refused("the marks can't be read: marks hold no possible numbers")),
        Edit(marks, #""version":3"#, #""version":0"#, .mended),
      ]
    case .marksStamp:
      return [
        Edit(marks, "AAAAAAAAAAU", "AAAA", .refused("stamp has not 8 bytes")),
        Edit(marks, "AAAAAAAAAAU", "AAAAAAAAAAA", .mended),
      ]
    case .marksRange:
      let sentence = "the marks are of messages that the logs do not have"
      return [
        Edit(.refused(sentence)) { $0[marks] = marksLine(SequenceSet(9)) },
        Edit(marks, #""t""#, #""u""#, .refused(sentence)),
      ]
    case .newer:
      return [
        Edit(
          marks, #""}}"#, #"","200":"AA"}}"#,
          .refused("the marks can't be read: written by a newer version of Tidings")),
        Edit(
          record, #""}}"#, #"","200":"AA"}}"#,
          .refused("the record can't be read: written by a newer version of Tidings")),
        Edit(
          0, #""version":1"#, #""version":2"#,
          .refused("version 2 of the format: this program reads version 1")),
      ]
    }
  }
}
