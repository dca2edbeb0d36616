import Inbox
import Testing

@testable import Moving

/// An export that lacks something, or has too much.
struct ExportReaderTests {
  private static let judge = MessageJudge(
    digest: { [UInt8](repeating: UInt8($0.content?.utf8.count ?? 0), count: 32) },
    isData: { $0.hasPrefix("{") && $0.hasSuffix("}") })

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
    read(lines.map { Array($0.bytes.dropLast()) })
  }

  private func read(_ lines: [[UInt8]]) -> (items: [String], problems: [String], skipped: Int) {
    var reader = ExportReader(Self.judge)
    var problems: [String] = []
    for (index, line) in lines.enumerated() {
      do throws(ExportReader.Problem) {
        try reader.read(line, line: index + 1)
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
    #expect(read([ExportLine]()).problems == ["line 0: the file is empty"])
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

  @Test func whatSomeProgramsAddIsPassedOver() {
    let lines = Self.whole.map { Array($0.bytes.dropLast()) }
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let plain = read(lines)
    let windows = lines.map { $0 + [0x0D] }
    #expect(read([mark + windows[0]] + windows.dropFirst()) == plain)
    #expect(read(lines.flatMap { [[], $0, [0x20, 0x09, 0x0D]] }) == plain)
    #expect(read([mark] + lines) == plain)
    // Nowhere else.
    #expect(
      read([lines[0], mark + lines[1]] + lines.dropFirst(2)).problems.first?.hasPrefix("line 2: not JSON")
        == true)
  }

  @Test func aLogAndAnInboxComeOnce() {
    var lines = Self.whole
    lines.insert(contentsOf: lines[1...3], at: 4)
    #expect(
      read(lines).problems == ["line 5: the log was there before: all of its messages stand together"])
    lines = Self.whole
    lines.insert(lines[7], at: 7)
    #expect(read(lines).problems == ["line 9: the inbox's marks were there before"])
    lines = Self.whole
    lines.insert(Self.message(3), at: 4)
    #expect(read(lines).problems == ["line 5: the log ends with message 2: what follows it is left out"])
    lines.removeSubrange(4...)
    lines += [.record(.everyone, LogRecord()), .record(.everyone, LogRecord())]
    #expect(read(lines).problems.first == "line 6: a record stands behind the messages of its log")
  }

  @Test func aDigestIsThatOfItsMessage() {
    func problem(_ digest: [UInt8], key: Text? = "k", _ change: (inout LogEntry) -> Void = { _ in })
      -> String?
    {
      guard case .message(let log, var entry) = Self.message(1) else { return nil }
      (entry.key, entry.digest, entry.message.body.content) = (key, digest, "12345")
      change(&entry)
      var lines = Self.whole
      lines[2] = .message(log, entry)
      return read(lines).problems.first?.split(separator: ": ", maxSplits: 1).last.map(String.init)
    }
    let rest = ": the rest of its log is left out"
    let digest = [UInt8](repeating: 5, count: 32)
    #expect(problem(digest) == nil)
    #expect(problem([UInt8](repeating: 4, count: 32)) == "message 1 has the digest of another message\(rest)")
    for count in [0, 3, 31, 33, 64] {
      #expect(
        problem([UInt8](repeating: 5, count: count))
          == "message 1 has a key without a digest of 32 bytes\(rest)")
    }
    // What was cleared can't be digested any more.
    #expect(problem([UInt8](repeating: 4, count: 32)) { $0.isRetracted = true } == nil)
    #expect(problem(digest, key: "") == "message 1 has a key of no possible length\(rest)")
  }
}
