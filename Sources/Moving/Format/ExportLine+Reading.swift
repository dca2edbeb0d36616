import Inbox
import JSON

extension ExportLine {
  /// Reads a line without its line end. Throws for anything that this version does not write.
  public init(_ line: [UInt8]) throws(BadLine) {
    let json: JSON
    do {
      json = try JSON(parsing: line, maximumDepth: 8)
    } catch {
      throw BadLine("not JSON: \(error)")
    }
    var members = try Members(json)
    guard let kind = members.take("kind") else { throw BadLine("kind is missing") }
    if kind.equals("message") {
      self = try .message(members.log(), Self.entry(&members))
    } else if kind.equals("log") {
      let log = try members.log()
      if let tail = members.take("tail") {
        self = .log(log, tail: try tail.count("tail"), head: try members.need("head").count("head"))
      } else {
        self = .partOfLog(log)
      }
    } else if kind.equals("record") {
      self = try .record(members.log(), Self.record(&members))
    } else if kind.equals("marks") {
      guard let inbox = Inbox(own: try members.log()) else { throw BadLine("reader_id is missing") }
      self = try .marks(inbox, Self.marks(&members))
    } else if kind.equals("header") {
      self = try .header(Self.header(&members))
    } else if kind.equals("end") {
      var totals = Totals()
      totals.logs = try members.need("logs").count("logs")
      totals.messages = try members.need("messages").count("messages")
      totals.records = try members.need("records").count("records")
      totals.marks = try members.need("marks").count("marks")
      self = .end(totals)
    } else {
      throw BadLine("there is no such kind of line")
    }
    try members.expectNoMore()
  }

  private static func header(_ members: inout Members) throws(BadLine) -> Holds {
    guard try members.need("format").equals("tidings-export") else {
      throw BadLine("not an export of Tidings")
    }
    let version = try members.need("version").count("version")
    guard version == Self.version else {
      throw BadLine("version \(version) of the format: this program reads version \(Self.version)")
    }
    guard let holds = Holds(rawValue: try members.need("holds").text("holds")) else {
      throw BadLine("holds is none of all, team, user")
    }
    return holds
  }

  private static func entry(_ members: inout Members) throws(BadLine) -> LogEntry {
    var entry = LogEntry(
      Message(seq: 0, time: .min, body: MessageBody(type: "")), isRetracted: false, key: nil, digest: [])
    for field in ExportField.all {
      if let value = members.take(field.name) { try field.read(value, &entry) }
    }
    guard entry.message.seq > 0 else { throw BadLine("seq is missing") }
    guard entry.message.time != .min else { throw BadLine("create_time is missing") }
    guard entry.message.body.type != "" else { throw BadLine("message_type is missing") }
    guard entry.key != nil || entry.digest.isEmpty else { throw BadLine("digest without idempotency_key") }
    return entry
  }

  private static func record(_ members: inout Members) throws(BadLine) -> LogRecord {
    do {
      return try LogRecord(encoded: members.sections().encoded)
    } catch {
      throw error as? BadLine ?? BadLine("the record can't be read: \(error)")
    }
  }

  private static func marks(_ members: inout Members) throws(BadLine) -> Marks {
    let version = try members.need("version").count("version")
    let stamp = try members.need("stamp").token("stamp")
    do {
      return try Marks(version: version, stamp: stamp, encoded: members.sections().encoded)
    } catch {
      throw error as? BadLine ?? BadLine("the marks can't be read: \(error)")
    }
  }
}

/// The members of a line that were not taken yet.
private struct Members {
  private var members: [(key: JSON, value: JSON)]

  init(_ json: JSON) throws(BadLine) {
    guard json.kind == .object else { throw BadLine("not a JSON object") }
    members = Array(json.members)
  }

  /// Takes a member out. Lines are written in one order, so it is nearly always the first one left.
  mutating func take(_ name: StaticString) -> JSON? {
    guard let index = members.firstIndex(where: { $0.key.equals(name) }) else { return nil }
    return members.remove(at: index).value
  }

  mutating func need(_ name: StaticString) throws(BadLine) -> JSON {
    guard let value = take(name) else { throw BadLine("\(name) is missing") }
    return value
  }

  private mutating func identifier(_ name: StaticString) throws(BadLine) -> Text? {
    guard let text = try take(name)?.text(name) else { return nil }
    guard (1...128).contains(text.utf8.count) else { throw BadLine("\(name) has no possible length") }
    return Text(text)
  }

  mutating func log() throws(BadLine) -> LogName {
    switch (try identifier("team_id"), try identifier("reader_id")) {
    case (let team?, let user?): .member(team: team, user: user)
    case (let team?, nil): .team(team)
    case (nil, let user?): .account(user)
    case (nil, nil): .everyone
    }
  }

  mutating func sections() throws(BadLine) -> TaggedSections {
    guard let format = UInt8(exactly: try need("format").count("format")) else {
      throw BadLine("format is no possible number")
    }
    let json = try need("sections")
    guard json.kind == .object else { throw BadLine("sections is no object") }
    var sections = TaggedSections(format: format, [])
    for (key, value) in json.members {
      guard let tag = key.string.flatMap({ UInt8($0) }) else {
        throw BadLine("a section has no possible tag")
      }
      sections.sections.append((tag, try value.bytes("sections")))
    }
    return sections
  }

  func expectNoMore() throws(BadLine) {
    if let member = members.first {
      throw BadLine("\"\((member.key.string ?? "").prefix(64))\" is no member of this version of the format")
    }
  }
}
