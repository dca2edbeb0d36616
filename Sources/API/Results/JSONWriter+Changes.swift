import Inbox
import JSON
import JSONRPC

extension Changes {
  /// The result of `get_changes`. If the answer would grow over `limit` bytes, it has only the first changes,
  /// but at least one. Throws `NoRoom` if there is no memory for it now.
  func encoded(_ inbox: Inbox, limit: Int, _ context: CallContext) throws -> [UInt8] {
    var writer = JSONWriter(reserving: 256 + changes.count * 512)
    var (end, given) = (cursor, 0)
    var answer = GrowingAnswer(context, limit: limit)
    writer.beginObject()
    writer.key("changes")
    writer.beginArray()
    for change in changes {
      // The parts of a change besides its message take less than the space that is reserved for the end.
      guard given == 0 || answer.hasRoom(in: &writer, for: GrowingAnswer.largestMessage) else { break }
      try writer.change(change, in: inbox)
      try answer.count(&writer)
      end = change.cursor
      given += 1
    }
    writer.endArray()
    writer.member("cursor", (given == changes.count ? cursor : end).text)
    writer.member("more", more || given < changes.count)
    writer.endObject()
    return writer.take()
  }
}

extension JSONWriter {
  fileprivate mutating func change(_ change: Change, in inbox: Inbox) throws(RPCError) {
    beginObject()
    switch change.event {
    case .created(let entry):
      member("event", "created")
      key("message")
      try message(entry, in: inbox)
    case .marked:
      member("event", "marked")
    case .retracted(let name):
      member("event", "retracted")
      member("nid", name.nid)
    }
    member("total", change.counts.total)
    member("count", change.counts.unread)
    member("cursor", change.cursor.text)
    endObject()
  }
}
