import Inbox
import JSON

/// Writes the parameters of the events of one inbox for one subscription.
struct EventParams {
  private let subscription: Int
  private let inbox: Inbox

  init(_ item: Following.Item, _ inbox: Inbox) {
    subscription = item.follower.id
    self.inbox = inbox
  }

  /// The event for a change.
  func event(_ change: Change, _ reader: SharedReader) throws -> [UInt8] {
    var writer = opened()
    switch change.event {
    case .created(let entry):
      writer.member("event", "created")
      writer.key("message")
      EntryWriter(inbox).write(try reader.text(of: entry, in: inbox), to: &writer)
    case .marked: writer.member("event", "marked")
    case .removed(let name, let reason): writer.removed(name, reason)
    }
    return closed(&writer, change.counts, change.cursor)
  }

  /// The event for numbers that changed.
  func counts(_ counts: InboxState.Counts, _ cursor: ChangeCursor) -> [UInt8] {
    var writer = opened()
    writer.member("event", "counts")
    return closed(&writer, counts, cursor)
  }

  /// The event for changes that are no longer known.
  func lagged(_ counts: InboxState.Counts, _ cursor: ChangeCursor) -> [UInt8] {
    var writer = opened()
    writer.member("event", "lagged")
    return closed(&writer, counts, cursor)
  }

  private func opened() -> JSONWriter {
    var writer = JSONWriter(reserving: 512)
    writer.beginObject()
    writer.member("subscription", subscription)
    if let team = inbox.team { writer.member("team_id", team.string) }
    return writer
  }

  private func closed(
    _ writer: inout JSONWriter, _ counts: InboxState.Counts, _ cursor: ChangeCursor
  ) -> [UInt8] {
    writer.counts(counts)
    writer.member("cursor", cursor.text)
    writer.endObject()
    return writer.take()
  }
}
