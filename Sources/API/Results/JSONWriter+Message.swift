import Inbox
import JSON
import JSONRPC

extension WrittenMessage {
  /// Writes a message of a log as hosts get it, up to what differs between its readers. `nidPrefix` is that of
  /// the log. Throws if the `data` in the store is not a JSON object, which would make a whole answer invalid.
  init(_ message: Message, team: Text?, nidPrefix: String) throws(RPCError) {
    let body = message.body
    var writer = JSONWriter(reserving: 256 + body.size)
    writer.beginObject()
    writer.key("nid" as StaticString)
    writer.nid(nidPrefix, message.seq)
    if let team { writer.member("team_id", team.string) }
    if let name = body.teamName { writer.member("team_name", name) }
    if let sender = body.sender { writer.member("user_id", sender.string) }
    if let name = body.username { writer.member("username", name) }
    if let receiver = body.receiver { writer.member("receiver_id", receiver.string) }
    writer.member("message_type", body.type.string)
    if let content = body.content { writer.member("content", content) }
    if let data = body.data {
      // No request may be nested deeper than this.
      guard JSON.isObject(data, maximumDepth: 1000) else {
        throw RPCError(StoreError.damaged("the data of a message is no JSON object"))
      }
      writer.key("data" as StaticString)
      writer.raw(data)
    }
    writer.member("create_time", millisecondsSince1970: message.time)
    writer.endObject()
    var bytes = writer.take()
    bytes.removeLast()
    self.init(seq: message.seq, time: message.time, bytes: bytes)
  }
}

/// Writes messages as one reader sees them: behind what all readers get stand the reader and the marks.
struct EntryWriter {
  private let reader: [UInt8]

  init(_ inbox: Inbox) {
    var writer = JSONWriter(reserving: 64)
    writer.string(inbox.user.string)
    let name = writer.take()
    var reader: [UInt8] = []
    reader.reserveCapacity(name.count + 24)
    reader.append(contentsOf: Self.beforeName.bytes)
    reader.append(contentsOf: name)
    reader.append(contentsOf: Self.afterName.bytes)
    self.reader = reader
  }

  private static let beforeName: StaticString = #","reader_id":"#
  private static let afterName: StaticString = #","read":"#

  /// The number of bytes of an entry with this message, or a few more.
  func size(of message: WrittenMessage) -> Int {
    message.bytes.count + reader.count + Self.longestMarks + 1
  }

  /// The longest text of the marks.
  private static let longestMarks = 48

  func write(_ entry: Entry<WrittenMessage>, to writer: inout JSONWriter) {
    writer.raw(entry.message.bytes, reader, Self.marks(entry.read, entry.seen, entry.archived))
  }

  private static func marks(_ read: Bool, _ seen: Bool, _ archived: Bool) -> StaticString {
    switch (read, seen, archived) {
    case (false, false, false): #"false,"seen":false,"archived":false}"#
    case (false, false, true): #"false,"seen":false,"archived":true}"#
    case (false, true, false): #"false,"seen":true,"archived":false}"#
    case (false, true, true): #"false,"seen":true,"archived":true}"#
    case (true, false, false): #"true,"seen":false,"archived":false}"#
    case (true, false, true): #"true,"seen":false,"archived":true}"#
    case (true, true, false): #"true,"seen":true,"archived":false}"#
    case (true, true, true): #"true,"seen":true,"archived":true}"#
    }
  }
}

extension StaticString {
  /// The UTF-8 of a text that is not a single character.
  fileprivate var bytes: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
  }
}

extension JSONWriter {
  /// Writes a message as its reader sees it.
  mutating func message(_ entry: Entry<Message>, in inbox: Inbox) throws(RPCError) {
    let prefix = MessageName.prefix(of: inbox.log(entry.side))
    let written = try WrittenMessage(entry.message, team: inbox.team, nidPrefix: prefix)
    EntryWriter(inbox).write(entry.map(written), to: &self)
  }

  /// Writes a `nid` without creating a string; none of its characters needs an escape.
  fileprivate mutating func nid(_ prefix: String, _ seq: Int) {
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
