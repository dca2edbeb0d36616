import Inbox
import JSON
import JSONRPC

extension Page {
  /// The result of a page. Of an answer that would grow over `limit` bytes only the first messages are
  /// given, at least one, where the host reads on by cursor; a page asked for by number is refused. Throws
  /// `NoRoom` if there is no memory for it now.
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
  /// No message of the contract's sizes is longer than this as JSON.
  static let largestSize = 1 << 20

  /// No message is longer than this as JSON: a byte of text takes at most six (`\u0000`), one of `data` at most
  /// three (U+0085, two bytes, is `\u0085` on a line), and 4 KiB hold the names of the fields and everything else.
  fileprivate var sizeBound: Int {
    let body = message.body
    let texts = [
      body.content, body.username, body.teamName, body.sender?.string, body.receiver?.string,
      body.type.string,
    ]
    return 4096 + 3 * (body.data?.utf8.count ?? 0) + texts.reduce(0) { $0 + 6 * ($1?.utf8.count ?? 0) }
  }
}
