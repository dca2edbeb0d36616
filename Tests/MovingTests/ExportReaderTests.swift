import Inbox
import Testing

@testable import Moving

/// An export that lacks something, or has too much.
struct ExportReaderTests {
  private static func message(_ seq: Int, _ log: LogName = .everyone) -> ExportLine {
    .message(
      log,
      LogEntry(
        Message(seq: seq, time: 0, token: UInt64(seq), body: MessageBody(type: "n")), isRetracted: false,
        key: nil,
        digest: []))
  }

  private static var whole: [ExportLine] {
    var totals = ExportLine.Totals()
    (totals.logs, totals.messages, totals.marks) = (2, 4, 1)
    return [
      .header(.all), .log(.everyone, tail: 1, head: 2), message(1), message(2),
      .log(.team("t"), tail: 4, head: 5),
      message(4, .team("t")), message(5, .team("t")), .marks(Inbox(user: "u"), Marks()), .end(totals),
    ]
  }

  /// What is restored of these lines, and the problems.
  private func read(_ lines: [ExportLine]) -> (items: [String], problems: [String], skipped: Int) {
    var reader = ExportReader()
    var problems: [String] = []
    for (index, line) in lines.enumerated() {
      do throws(ExportReader.Problem) {
        try reader.read(Array(line.bytes.dropLast()), line: index + 1)
      } catch {
        problems.append(error.description)
      }
    }
    do throws(ExportReader.Problem) {
      try reader.finish(lines: lines.count)
    } catch {
      problems.append(error.description)
    }
    let items = reader.take().items.map { item in
      switch item {
      case .entries(let log, let entries, let tail): "\(log) from \(tail): \(entries.map(\.message.seq))"
      case .record(let log, _): "\(log): record"
      case .marks(let inbox, _): "\(inbox.user): marks"
      }
    }
    return (items, problems, reader.skipped)
  }

  @Test func aWholeExportIsRead() {
    let (items, problems, skipped) = read(Self.whole)
    #expect(items == ["everyone from 1: [1, 2]", "team(t) from 4: [4, 5]", "u: marks"])
    #expect((problems, skipped) == ([], 0))
  }

  @Test func aMissingMessageLeavesOutTheRestOfItsLogAndNoOther() {
    var lines = Self.whole
    lines.remove(at: 2)
    let (items, problems, skipped) = read(lines)
    #expect(items == ["team(t) from 4: [4, 5]", "u: marks"])
    #expect(problems == ["line 3: message 1 is missing: the rest of its log is left out"])
    #expect(skipped == 1)
  }

  @Test func aMissingLastMessageIsNoticed() {
    var lines = Self.whole
    lines.remove(at: 6)
    #expect(read(lines).problems.first == "line 7: message 5 of the log before this line is missing")
  }

  @Test func aFileThatIsCutOffIsNoticed() {
    for count in 1..<Self.whole.count {
      #expect(
        read(Array(Self.whole.prefix(count))).problems.last
          == "line \(count): the file is cut off: it has no last line")
    }
    #expect(read([]).problems == ["line 0: the file is empty"])
  }

  @Test func missingMarksAreNoticed() {
    var lines = Self.whole
    lines.remove(at: 7)
    #expect(
      read(lines).problems == [
        "line 8: the export had 4 messages, 1 marks and 0 records in 2 logs, and not all of them are here"
      ])
  }

  @Test func whatStandsInTheWrongPlaceIsRefused() {
    #expect(read(Array(Self.whole.dropFirst())).problems.first == "line 1: an export begins with its header")
    #expect(read(Self.whole + [Self.message(3)]).problems == ["line 10: there is more behind the last line"])
    #expect(
      read([.header(.all), Self.message(1)]).problems.first
        == "line 2: a message stands behind the line of its log")
    #expect(read([.header(.all), .header(.all)]).problems.first == "line 2: a second header")
    #expect(
      read([.header(.user)]).problems.first
        == "line 1: an export of one person can be read, but not imported: it lacks the messages of others")
  }
}
