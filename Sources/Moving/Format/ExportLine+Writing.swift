import Inbox
import JSON

extension ExportLine {
  /// The line with its line end.
  public var bytes: [UInt8] {
    var writer = JSONWriter(reserving: 512)
    writer.beginObject()
    switch self {
    case .header(let holds):
      writer.member("kind", "header")
      writer.member("format", Self.format)
      writer.member("version", Self.version)
      writer.member("holds", holds.rawValue)
    case .log(let log, let tail, let head):
      writer.member("kind", "log")
      writer.members(of: log)
      writer.member("tail", tail)
      writer.member("head", head)
    case .partOfLog(let log):
      writer.member("kind", "log")
      writer.members(of: log)
    case .message(let log, let entry):
      writer.member("kind", "message")
      writer.members(of: log)
      for field in ExportField.all { field.write(entry, &writer) }
    case .record(let log, let record):
      writer.member("kind", "record")
      writer.members(of: log)
      writer.members(ofSectionsOf: record.encoded)
    case .marks(let inbox, let marks):
      writer.member("kind", "marks")
      writer.members(of: inbox.own)
      writer.member("version", marks.version)
      writer.member("stamp", token: marks.stamp)
      writer.members(ofSectionsOf: marks.encoded)
    case .end(let totals):
      writer.member("kind", "end")
      writer.member("logs", totals.logs)
      writer.member("messages", totals.messages)
      writer.member("records", totals.records)
      writer.member("marks", totals.marks)
    }
    writer.endObject()
    var bytes = writer.take()
    bytes.append(0x0A)
    return bytes
  }
}

extension JSONWriter {
  /// Names a log: the team, if it is of one, and the reader whose own log it is. Neither is the log of announcements.
  fileprivate mutating func members(of log: LogName) {
    switch log.kind {
    case .team(let team): member("team_id", team.string)
    case .member(let team, let user):
      member("team_id", team.string)
      member("reader_id", user.string)
    case .everyone: break
    case .account(let user): member("reader_id", user.string)
    }
  }

  /// Writes the sections of marks or of a record.
  fileprivate mutating func members(ofSectionsOf encoded: [UInt8]) {
    let sections: TaggedSections
    do {
      sections = try TaggedSections(encoded: encoded)
    } catch {
      preconditionFailure("the bytes were just made: \(error)")
    }
    member("format", Int(sections.format))
    key("sections")
    beginObject()
    for section in sections.sections {
      key(String(section.tag))
      string(Base64URL.encode(section.bytes))
    }
    endObject()
  }
}
