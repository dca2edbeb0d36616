import Inbox
import JSON
import JSONRPC

extension JSONWriter {
  /// Writes a message as its reader sees it. `nidPrefix` is that of the message's log. Throws if the `data`
  /// in the store is not a JSON object, which would make the whole answer invalid.
  mutating func message(_ entry: Page.Entry, in inbox: Inbox, nidPrefix: String) throws(RPCError) {
    let message = entry.message
    let body = message.body
    beginObject()
    key("nid" as StaticString)
    nid(nidPrefix, message.seq)
    if let team = inbox.team { member("team_id", team.string) }
    if let name = body.teamName { member("team_name", name) }
    if let sender = body.sender { member("user_id", sender.string) }
    if let name = body.username { member("username", name) }
    if let receiver = body.receiver { member("receiver_id", receiver.string) }
    member("reader_id", inbox.user.string)
    member("message_type", body.type.string)
    if let content = body.content { member("content", content) }
    if let data = body.data {
      // No request may be nested deeper than this.
      guard JSON.isObject(data, maximumDepth: 1000) else {
        throw RPCError(StoreError.damaged("the data of a message is no JSON object"))
      }
      key("data" as StaticString)
      raw(data)
    }
    member("create_time", millisecondsSince1970: message.time)
    member("read", entry.read)
    member("seen", entry.seen)
    member("archived", entry.archived)
    endObject()
  }

  /// Writes a `nid` without creating a string; none of its characters needs an escape.
  private mutating func nid(_ prefix: String, _ seq: Int) {
    // The prefix of the longest names has 355 letters; a number has 19 digits.
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: prefix.utf8.count + 21) { buffer in
      // Written from the end, where the last digit stands.
      var (start, rest) = (buffer.count - 1, seq)
      buffer[start] = UInt8(ascii: "\"")
      repeat {
        start -= 1
        let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
        buffer[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
        rest = quotient
      } while rest > 0
      start -= prefix.utf8.count
      _ = UnsafeMutableBufferPointer(rebasing: buffer[start...]).update(fromContentsOf: prefix.utf8)
      start -= 1
      buffer[start] = UInt8(ascii: "\"")
      raw(UnsafeBufferPointer(rebasing: buffer[start...]))
    }
  }

  /// The text of one JSON value that `body` writes.
  static func value<Failure: Error>(
    reserving capacity: Int = 128, _ body: (inout JSONWriter) throws(Failure) -> Void
  ) throws(Failure) -> [UInt8] {
    var writer = JSONWriter(reserving: capacity)
    try body(&writer)
    return writer.take()
  }
}
