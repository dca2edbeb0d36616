import JSON

/// The inboxes that `watch` follows, and how far.
struct FollowedInboxes {
  /// Each inbox's team, nil for the account, and the cursor behind what was told of it, as JSON.
  private var places: [(team: String?, cursor: [UInt8]?)]

  init(_ teams: [String?]) { places = teams.map { ($0, nil) } }

  /// Continues behind a line that was printed; returns false if the line is none. An inbox of which that line knows
  /// nothing is followed from now on.
  mutating func resume(after line: [UInt8]) -> Bool {
    guard let line = try? JSON(parsing: line, maximumDepth: 1_002), let inboxes = line["inboxes"],
      inboxes.kind == .array
    else { return false }
    for inbox in inboxes.elements {
      guard let cursor = inbox["cursor"], cursor.kind == .string else { return false }
      place(inbox, cursor)
    }
    return true
  }

  private mutating func place(_ inbox: JSON, _ cursor: JSON) {
    let team = inbox["team_id"]?.string
    for index in places.indices where places[index].team == team { places[index].cursor = Array(cursor.raw) }
  }

  /// The parameters of `subscribe`.
  func parameters(user: String, detail: String) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("user_id", user)
      writer.member("detail", detail)
      writer.key("inboxes")
      write(to: &writer)
    }
  }

  private func write(to writer: inout JSONWriter) {
    writer.beginArray()
    for (team, cursor) in places {
      writer.beginObject()
      if let team { writer.member("team_id", team) }
      if let cursor { writer.member("cursor", raw: cursor) }
      writer.endObject()
    }
    writer.endArray()
  }

  /// Takes what the program says: the answer to `subscribe`, or an event. Returns what there is to print.
  mutating func take(_ message: JSON) -> [WatchedEvent] {
    if let result = message["result"] { return begin(result) }
    guard let event = message["params"] else { return [] }
    if let cursor = event["cursor"] { place(event, cursor) }
    let line = JSONWriter.object { writer in
      for (key, value) in event.members where !key.equals("subscription") { writer.member(key, value) }
      writer.key("inboxes")
      write(to: &writer)
    }
    return [WatchedEvent(event: event, line: line + [0x0A])]
  }

  /// The first line has the present of each inbox. One whose cursor was too old is `lagged`.
  private mutating func begin(_ answer: JSON) -> [WatchedEvent] {
    guard let inboxes = answer["inboxes"] else { return [] }
    for inbox in inboxes.elements {
      if let cursor = inbox["cursor"] { place(inbox, cursor) }
    }
    let first = JSONWriter.object { writer in
      writer.member("event", "following")
      for (key, value) in answer.members where !key.equals("subscription") { writer.member(key, value) }
    }
    var events = [WatchedEvent(event: answer, line: first + [0x0A])]
    for inbox in inboxes.elements where inbox["expired"] != nil {
      let line = JSONWriter.object { writer in
        for (key, value) in inbox.members where !key.equals("expired") { writer.member(key, value) }
        writer.member("event", "lagged")
        writer.key("inboxes")
        write(to: &writer)
      }
      events.append(WatchedEvent(event: inbox, line: line + [0x0A]))
    }
    return events
  }
}

extension JSONWriter {
  fileprivate mutating func member(_ key: JSON, _ value: JSON) {
    self.key(key.string ?? "")
    raw(value.raw)
  }
}
