import Inbox

/// The parameters that several methods share.
enum Common {
  static let teamID = Parameter("team_id", .identifier, "The team.")
  static let userID = Parameter(
    "user_id", .identifier, "The acting user: the sender, or the owner of the inbox.")
  static let messageType = Parameter("message_type", .identifier, "The kind of the message.")
  static let username = Parameter("username", .text(1024), "The sender's name for display.").optional
  static let teamName = Parameter("team_name", .text(1024), "The team's name for display.").optional
  static let receiverID = Parameter(
    "receiver_id", .identifier, "The user whom the message concerns; others see it too."
  ).optional
  static let readerIDs = Parameter(
    "reader_ids", .list(.identifier, 1...10_000), "Only these readers get the message."
  ).optional
  static let content = Parameter("content", .text(65_536), "The message's text.").optional
  static let data = Parameter(
    "data", .object(65_536),
    "A JSON object of at most 64 KiB as it is sent. It is returned byte for byte, except that on a line its line "
      + "breaks are spaces, and U+0085, U+2028 and U+2029 are escapes. Numbers have at most 1,000 digits, written out."
  ).optional
  static let idempotencyKey = Parameter(
    "idempotency_key", .identifier,
    "Makes a retry safe: a log that has a message of this sender with this key keeps it and appends nothing."
  ).optional

  static let pageSize = Parameter("pageSize", .integer(1...200), or: 12, "The maximum number of messages.")
  static let pageNo = Parameter("pageNo", .integer(1...Int.max), "The number of the page, from 1.").optional
  static let cursor = Parameter(
    "cursor", .opaque("a next_cursor of this listing"),
    "The next_cursor of an earlier page of the same listing."
  ).optional
  static let onlySelf = Parameter(
    "self", .boolean, or: false, "Only messages that the reader sent or is the receiver of.")
  static let view = Parameter("view", Form<View>.word, or: .inbox, "The messages that are listed.")
  static let order = Parameter("order", Form<Order>.word, or: .newest, "The order of the messages.")
  static let types = Parameter(
    "message_type", .oneOrMore(.identifier, atMost: 20), or: [], "Only messages of these types.")

  static let changeCursor = Parameter(
    "cursor", .opaque("a cursor of this inbox's changes"),
    "The cursor of this inbox's changes to go on from; without it, from the present."
  ).optional
  static let inboxes = Parameter(
    "inboxes", .list(Form<FollowedInbox>.inbox, 1...1000),
    "Several inboxes of the reader, in place of team_id and cursor; none of them twice."
  ).optional

  static let nid = Parameter("nid", .opaque("a nid"), "The message.")
  static let from = Parameter(
    "from", Form<Membership.Start>.word, or: .now,
    "The first visible messages: those sent from now on, or all from the start.")
}
