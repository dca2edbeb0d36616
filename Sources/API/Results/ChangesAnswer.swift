import Inbox
import JSON
import JSONRPC

/// The answer of `get_changes`, which is written while the changes are read.
struct ChangesAnswer {
  /// One inbox in it.
  struct Part {
    var state: InboxState
    /// The cursor to go on from; nil for the present.
    var cursor: ChangeCursor?
    /// Whether the cursor that was given can't be continued.
    var isExpired: Bool
    /// The cursor after the changes in the answer.
    var end: ChangeCursor?
    /// Whether there are more changes.
    var more = false
  }

  /// The largest numbers of new messages: of one inbox that is asked for alone, and of a list.
  private static let messagesOfOne = 100
  private static let messagesOfAll = 1_000
  /// The most messages that are read at a time.
  private static let messagesTogether = 100

  private(set) var parts: [Part]
  private let isList: Bool
  private var writer = JSONWriter(reserving: 1_024)
  private var answer: GrowingAnswer
  private let context: CallContext
  private let limit: Int
  private var given = 0
  /// The bytes of the first change.
  private var firstBytes = 0
  private var isFull = false

  /// Creates an answer of at most `limit` bytes.
  init(_ parts: [Part], isList: Bool, limit: Int, _ context: CallContext) {
    self.parts = parts
    self.isList = isList
    (self.context, self.limit) = (context, limit)
    // A list ends with all its inboxes; a byte of a name is at most six as JSON.
    let ending = isList ? parts.reduce(0) { $0 + 256 + 6 * ($1.state.inbox.team?.utf8Count ?? 0) } : 0
    answer = GrowingAnswer(context, limit: limit - ending)
  }

  /// Whether there is nothing to report.
  var isEmpty: Bool { given == 0 && !parts.contains { $0.isExpired || $0.more } }

  /// Reads the changes and returns the answer. If it would grow over its limit, it has only the first changes, but at
  /// least one, whatever its size: a host always gets on. Throws `NoRoom` if there is no memory for it now, and `ChangeCursorExpired` unless it is for a list.
  mutating func write(_ reader: any StoreReader, check: () throws -> Void) throws -> [UInt8] {
    try reader.prefetch(
      changesOf: parts.lazy.map { ($0.state, $0.cursor) }, limit: isList ? 1 : Self.messagesOfOne)
    writer.beginObject()
    writer.key("changes")
    writer.beginArray()
    if isList {
      // One message of each inbox first: a busy one holds up no other.
      var left = Self.messagesOfAll
      for index in parts.indices { left -= try add(1, of: index, reader, check) }
      for index in parts.indices where parts[index].more && left > 0 {
        left -= try add(left, of: index, reader, check)
      }
    } else {
      _ = try add(Self.messagesOfOne, of: 0, reader, check)
    }
    writer.endArray()
    if isList {
      writer.key("inboxes")
      writer.beginArray()
      for part in parts { write(part) }
      writer.endArray()
    } else {
      writer.member("cursor", parts[0].end!.text)
    }
    writer.member("more", parts.contains(where: \.more))
    writer.endObject()
    // Fewer inboxes can be asked for, less than a change can't.
    if given == 1, writer.bytes.count - firstBytes <= limit { context.exceedAnswerLimit() }
    return writer.take()
  }

  private mutating func write(_ part: Part) {
    writer.beginObject()
    if let team = part.state.inbox.team { writer.member("team_id", team.string) }
    writer.member("cursor", part.end!.text)
    if part.isExpired { writer.member("expired", true) }
    writer.endObject()
  }

  /// Adds the next changes of one inbox, with at most `limit` new messages; returns how many they are.
  private mutating func add(
    _ limit: Int, of index: Int, _ reader: any StoreReader, _ check: () throws -> Void
  ) throws -> Int {
    var part = parts[index]
    defer { parts[index] = part }
    let state = part.state
    guard let start = part.end ?? part.cursor else {
      part.end = try ChangeCursor(state, reader)
      return 0
    }
    (part.end, part.more) = (start, !state.isCurrent(start))
    var messages = 0
    do {
      repeat {
        guard !isFull else { return messages }
        let changes = try state.changes(
          since: part.end!, limit: min(limit - messages, Self.messagesTogether),
          isProven: part.end != part.cursor,
          reader, check: check)
        for change in changes.changes {
          try add(change, in: state.inbox)
          guard !isFull else {
            part.more = true
            return messages
          }
          part.end = change.cursor
          if case .created = change.event { messages += 1 }
        }
        (part.end, part.more) = (changes.cursor, changes.more)
      } while part.more && messages < limit
    } catch is ChangeCursorExpired where isList {
      part.isExpired = true
      (part.end, part.more) = (try ChangeCursor(state, reader), false)
    }
    return messages
  }

  /// Adds a change, unless the answer is full.
  private mutating func add(_ change: Change, in inbox: Inbox) throws {
    // The parts of a change besides its message take less than the space that is reserved for the end.
    guard given == 0 || answer.hasRoom(in: &writer, for: GrowingAnswer.largestMessage) else {
      isFull = true
      return
    }
    let start = writer.bytes.count
    writer.beginObject()
    if isList, let team = inbox.team { writer.member("team_id", team.string) }
    switch change.event {
    case .created(let entry):
      writer.member("event", "created")
      writer.key("message")
      try writer.message(entry, in: inbox)
    case .marked: writer.member("event", "marked")
    case .removed(let name, let reason): writer.removed(name, reason)
    }
    writer.counts(change.counts)
    writer.member("cursor", change.cursor.text)
    writer.endObject()
    if given == 0 { firstBytes = writer.bytes.count - start }
    try answer.count(&writer)
    given += 1
  }
}

extension JSONWriter {
  /// Writes the members of a removal.
  mutating func removed(_ name: MessageName, _ reason: Change.Removal) {
    member("event", "removed")
    member("nid", name.nid)
    member("reason", reason.rawValue)
  }

  /// Writes the members of counts.
  mutating func counts(_ counts: InboxState.Counts) {
    member("total", counts.total)
    member("count", counts.unread)
    member("unseen", counts.unseen)
  }
}
