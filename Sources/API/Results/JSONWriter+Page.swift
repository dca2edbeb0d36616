import Inbox
import JSON
import JSONRPC

extension Page<WrittenMessage> {
  /// The result of a page. If the answer would grow over `limit` bytes, it has only the first messages, but
  /// at least one, whatever its size, when the host reads on by cursor; a page requested by number is refused, unless
  /// it has but one. Throws `NoRoom` if there is no memory for it now.
  func encoded(limit: Int, byNumber: Bool, _ context: CallContext) throws -> [UInt8] {
    let entry = EntryWriter(inbox)
    var taken = 0
    var writer = JSONWriter(
      reserving: 256 + min(entries.reduce(0) { $0 + entry.size(of: $1.message) }, limit))
    var answer = GrowingAnswer(context, limit: limit)
    writer.beginObject()
    writer.key("data" as StaticString)
    writer.beginArray()
    for index in entries.indices {
      guard
        answer.hasRoom(in: &writer, for: GrowingAnswer.growth * entry.size(of: entries[index].message))
          || taken == 0
      else {
        if byNumber { throw RPCError.responseTooLarge(limit: limit) }
        break
      }
      entry.write(entries[index], to: &writer)
      try answer.count(&writer)
      taken += 1
    }
    writer.endArray()
    if taken == 1 { context.exceedAnswerLimit() }
    writer.member("total", total)
    writer.member("count", count)
    writer.key("next_cursor" as StaticString)
    if let cursor = cursor(after: taken) {
      writer.string(cursor.text)
    } else {
      writer.null()
    }
    writer.endObject()
    return writer.take()
  }
}
