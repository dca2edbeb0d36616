import Inbox
import JSON
import JSONRPC

extension Page {
  /// The result of a page. If the answer would grow over `limit` bytes, it has only the first messages, but
  /// at least one, when the host reads on by cursor; a page requested by number is refused. Throws `NoRoom`
  /// if there is no memory for it now.
  func encoded(limit: Int, byNumber: Bool, _ context: CallContext) throws -> [UInt8] {
    let inbox = state.inbox
    let shared = MessageName.prefix(of: inbox.shared)
    let own = MessageName.prefix(of: inbox.own)
    var taken = 0
    var writer = JSONWriter(reserving: 256 + entries.count * 384)
    var answer = GrowingAnswer(context, limit: limit)
    writer.beginObject()
    writer.key("data")
    writer.beginArray()
    for entry in entries {
      guard answer.hasRoom(in: &writer, for: entry.sizeBound) || taken == 0 else {
        if byNumber { throw RPCError.responseTooLarge(limit: limit) }
        break
      }
      try writer.message(entry, in: inbox, nidPrefix: entry.side == .shared ? shared : own)
      try answer.count(&writer)
      taken += 1
    }
    writer.endArray()
    writer.member("total", total)
    writer.member("count", count)
    writer.key("next_cursor")
    if let cursor = cursor(after: taken) {
      writer.string(cursor.text)
    } else {
      writer.null()
    }
    writer.endObject()
    return writer.take()
  }
}

extension Page.Entry {
  /// An upper bound for the JSON text of a message that keeps the contract's sizes, in bytes.
  static let largestSize = 1 << 20

  /// An upper bound for the JSON text of this message, in bytes: a byte of text takes at most six (`\u0000`),
  /// a byte of `data` at most three (U+0085, two bytes, is `\u0085` on a line), and 4 KiB hold the field
  /// names and everything else.
  fileprivate var sizeBound: Int {
    let body = message.body
    let texts = [
      body.content, body.username, body.teamName, body.sender?.string, body.receiver?.string,
      body.type.string,
    ]
    return 4096 + 3 * (body.data?.utf8.count ?? 0) + texts.reduce(0) { $0 + 6 * ($1?.utf8.count ?? 0) }
  }
}
