import Inbox
import JSON

/// Makes copies of messages of the values that documents have.
public struct Translation: Sendable {
  /// The fields.
  public let mapping: Mapping
  /// Whether copies are of team inboxes, not of account inboxes.
  public let isOfTeams: Bool
  /// The zone of clocks that say none.
  public let zone: Zone
  /// The latest time that a message can have, in milliseconds since 1970.
  public let latest: Timestamp

  /// Creates a translation. Clocks and zones may be wrong by less than a day: what is later than that after `now` is no
  /// time.
  public init(_ mapping: Mapping, isOfTeams: Bool, zone: Zone = .utc, now: Timestamp) {
    self.mapping = mapping
    self.isOfTeams = isOfTeams
    self.zone = zone
    latest = now + 86_400_000
  }

  /// Checks that every default can be the value of its field.
  public func checkDefaults() throws(Problem) {
    for (field, value) in mapping.defaults.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      if field == .team, !isOfTeams { throw Problem("team_id is no field of an account's messages") }
      var taken = Taken(self, SourceValues(mapping))
      try taken.take(.field(field), value)
      if field == .time { try check(taken.time) }
      _ = try taken.whole()
      if case .text("") = value, !field.mayBeEmpty { throw Problem("\(field.rawValue) is empty") }
    }
  }

  private func check(_ time: Timestamp?) throws(Problem) {
    guard let time else { return }
    guard StoreBounds.times.contains(time) else {
      throw Problem("create_time is not within the years 0 to 9999")
    }
    guard time <= latest else { throw Problem("create_time is more than a day ahead") }
  }

  /// The copy that these values are. `position` is the document's place in its source, which orders copies of the same time that
  /// have no id.
  public func copy(_ values: SourceValues, position: Int) throws(Problem) -> Copy {
    var taken = Taken(self, values)
    for (slot, value) in zip(mapping.slots, values.values) where !value.isNull {
      try taken.take(slot.target, value)
    }
    for (field, value) in mapping.defaults where !taken.has(field) { try taken.take(.field(field), value) }
    let id = taken.id
    guard let reader = taken.reader else { throw Problem("reader_id is missing") }
    guard let type = taken.type else { throw Problem("message_type is missing") }
    if isOfTeams && taken.team == nil { throw Problem("team_id is missing") }
    var time = taken.time
    if time == nil, case .objectID(let object) = id { time = Int64(object.high >> 32) * 1000 }
    guard let time else { throw Problem("create_time is missing") }
    try check(time)
    return Copy(
      team: isOfTeams ? taken.team : nil, reader: reader, time: time,
      identity: id?.identity ?? SourceValue.integer(Int64(position)).identity ?? [], flags: taken.flags,
      body: MessageBody(
        type: type, sender: taken.sender, username: taken.username, teamName: taken.teamName,
        receiver: taken.receiver,
        content: taken.content, data: try taken.whole()))
  }

  /// The name of the document that these values are of, if it has one.
  public func id(_ values: SourceValues) -> String? {
    for (slot, value) in zip(mapping.slots, values.values) where slot.target == .field(.id) {
      if let text = value.plain { return text }
    }
    return nil
  }
}

/// What was taken of a document so far.
private struct Taken {
  let translation: Translation
  var id: SourceValue?
  var team, reader, type, sender, receiver: Text?
  var username, teamName, content: String?
  var time: Timestamp?
  var flags: Copy.Flags = []
  private var given: Set<Field> = []
  private var object: [UInt8]?
  private var members: JSONWriter?

  init(_ translation: Translation, _ values: SourceValues) { self.translation = translation }

  func has(_ field: Field) -> Bool { given.contains(field) }

  mutating func take(_ target: Mapping.Target, _ value: SourceValue) throws(Problem) {
    switch target {
    case .field(let field):
      // Only what can be left out is asked for again.
      if !translation.mapping.defaults.isEmpty { given.insert(field) }
      try take(field, value)
    case .opposite(let field):
      if !translation.mapping.defaults.isEmpty { given.insert(field) }
      set(field, try !isSet(value, field))
    case .member(let name):
      var writer = members ?? JSONWriter()
      if members == nil { writer.beginObject() }
      if value.write(to: &writer, key: name) || members != nil { members = writer }
    }
  }

  private mutating func take(_ field: Field, _ value: SourceValue) throws(Problem) {
    switch field {
    case .id: if id == nil { id = value }
    case .team: if translation.isOfTeams { team = try identifier(value, field) }
    case .reader: reader = try identifier(value, field)
    case .type: type = try identifier(value, field)
    case .sender: sender = try identifier(value, field)
    case .receiver: receiver = try identifier(value, field)
    case .username: username = try text(value, field, StoreBounds.longestName)
    case .teamName: teamName = try text(value, field, StoreBounds.longestName)
    case .content: content = try text(value, field, StoreBounds.longestText)
    case .data: object = try dataObject(value)
    case .time: time = try instant(value)
    case .read, .seen, .archived, .deleted: set(field, try isSet(value, field))
    }
  }

  private mutating func set(_ field: Field, _ flag: Bool) {
    guard flag else { return }
    switch field {
    case .read: flags.insert(.read)
    case .seen: flags.insert(.seen)
    case .archived: flags.insert(.archived)
    case .deleted: flags.insert(.deleted)
    default: break
    }
  }

  /// An identifier; nil for an empty text, which stands for none.
  private func identifier(_ value: SourceValue, _ field: Field) throws(Problem) -> Text? {
    guard let plain = value.plain else { throw Problem("\(field.rawValue) is no text, number or id") }
    if plain.isEmpty { return nil }
    guard StoreBounds.identifier.contains(plain.utf8.count) else {
      throw Problem("\(field.rawValue) is longer than \(StoreBounds.identifier.upperBound) bytes")
    }
    return Text(plain)
  }

  private func text(_ value: SourceValue, _ field: Field, _ limit: Int) throws(Problem) -> String {
    guard let plain = value.plain else { throw Problem("\(field.rawValue) is no text or number") }
    guard plain.utf8.count <= limit else { throw Problem("\(field.rawValue) is longer than \(limit) bytes") }
    return plain
  }

  private func instant(_ value: SourceValue) throws(Problem) -> Timestamp? {
    switch value {
    case .clock(let clock): return try zoned(clock)
    case .integer(let number):
      guard abs(number) < 1 << 53, let time = Self.time(Double(number)) else { throw Self.noTime }
      return time
    case .double(let number):
      guard let time = Self.time(number) else { throw Self.noTime }
      return time
    case .text(""): return nil
    case .text(let text):
      if let number = Int64(text) { return try instant(.integer(number)) }
      guard let written = ClockText(text) else { throw Problem("create_time is no date") }
      if let offset = written.offset { return written.clock - offset }
      return try zoned(written.clock)
    case .null, .bool, .objectID, .json, .other: throw Problem("create_time is no date")
    }
  }

  /// The time that a number stands for, if it has the 10 digits that seconds since 1970 have from 2001 on, or the 13
  /// digits of milliseconds. Anything else may be a date without its marks, such as 20240501 or 202405011030.
  private static func time(_ number: Double) -> Timestamp? {
    switch number {
    case 1e9..<1e10: Int64((number * 1000).rounded(.down))
    case 1e12..<1e13: Int64(number.rounded(.down))
    default: nil
    }
  }

  private static let noTime = Problem(
    "create_time is a number of neither 10 digits (seconds since 1970) nor 13 (milliseconds)")

  private func zoned(_ clock: Int64) throws(Problem) -> Timestamp {
    // A date of BSON may be any number.
    guard StoreBounds.times.contains(clock) else {
      throw Problem("create_time is not within the years 0 to 9999")
    }
    return translation.zone.time(at: clock)
  }

  /// Whether a flag is set: by a yes, or by the time at which it was.
  private func isSet(_ value: SourceValue, _ field: Field) throws(Problem) -> Bool {
    switch value {
    case .null, .integer(0), .double(0): return false
    case .integer(1), .double(1): return true
    case .bool(let flag): return flag
    case .integer(let number): if isPast(Self.time(Double(number))) { return true }
    case .double(let number): if isPast(Self.time(number)) { return true }
    case .clock(let clock): if isPast(clock) { return true }
    case .text(let text):
      switch text.lowercased() {
      case "", "0", "f", "false", "n", "no": return false
      case "1", "t", "true", "y", "yes": return true
      default:
        let clock = ClockText(text).map { $0.clock - ($0.offset ?? 0) }
        if isPast(clock ?? Int64(text).flatMap { Self.time(Double($0)) }) { return true }
      }
    case .objectID, .json, .other: break
    }
    throw Problem("\(field.rawValue) is neither yes nor no, nor a date")
  }

  /// Whether something can have been done at this time. The first days of other calendars stand for "never".
  private func isPast(_ time: Timestamp?) -> Bool {
    time.map { (1...translation.latest).contains($0) } ?? false
  }

  private func dataObject(_ value: SourceValue) throws(Problem) -> [UInt8]? {
    switch value {
    case .json(let text): return Self.isNothing(text) ? nil : text
    case .text(let text):
      let bytes = Array(text.utf8)
      return Self.isNothing(bytes) ? nil : bytes
    default: throw Problem("data is no JSON object")
    }
  }

  /// Whether the text of an object says that there is none: PHP writes an object without members as a list.
  private static func isNothing(_ bytes: [UInt8]) -> Bool {
    let start = Array(bytes.lazy.filter { $0 > 0x20 }.prefix(5))
    return start.isEmpty || ["[]", "null"].contains { start.elementsEqual($0.utf8) }
  }

  /// The message's data: the object, the members, or both.
  mutating func whole() throws(Problem) -> String? {
    var bytes = object
    if var members {
      // What is no object must not become one by what is put into it.
      if let bytes { _ = try Self.object(bytes) }
      members.endObject()
      let added = members.take()
      if var given = bytes, let end = given.lastIndex(of: UInt8(ascii: "}")) {
        let isEmpty = given[..<end].dropFirst().allSatisfy { $0 <= 0x20 }
        given.replaceSubrange(
          end..., with: isEmpty ? added.dropFirst() : [UInt8(ascii: ",")] + added.dropFirst())
        bytes = given
      } else {
        bytes = added
      }
    }
    guard let bytes else { return nil }
    guard bytes.count <= StoreBounds.longestText else {
      throw Problem("data is longer than \(StoreBounds.longestText) bytes")
    }
    guard try Self.object(bytes).unfitNumber(digits: 1_000) == nil else {
      throw Problem("data has a number of more than 1,000 digits")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func object(_ bytes: [UInt8]) throws(Problem) -> JSON {
    let json: JSON
    do {
      json = try JSON(parsing: bytes)
    } catch {
      throw Problem("data is no JSON object: \(error.reason)")
    }
    guard json.kind == .object else { throw Problem("data is no JSON object") }
    return json
  }
}

extension SourceValue {
  /// The value as bytes whose order is that of numbers, then texts, then ids of MongoDB; nil for other kinds.
  fileprivate var identity: [UInt8]? {
    switch self {
    case .integer(let number):
      [1] + withUnsafeBytes(of: UInt64(bitPattern: number ^ .min).bigEndian, Array.init)
    case .text(let text): [2] + Array(text.utf8)
    case .objectID(let id): [3] + id.bytes
    default: plain.map { [2] + Array($0.utf8) }
    }
  }
}
