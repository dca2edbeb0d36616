/// The schemas that several methods share, and the examples made from them.
enum Components {
  static let schemas: [(name: String, schema: JSONSchema)] = [
    ("Message", message), ("Page", page), ("Sent", sent), ("Marked", marked), ("Imported", imported),
    ("Joined", joined),
    ("Counts", counts), ("Change", change), ("InboxEvent", inboxEvent), ("Error", error),
  ]

  private static let nid = JSONSchema.described(
    .string(minLength: 1), "The message's name; opaque to clients.")
  private static let time = JSONSchema.described(
    .string(
      pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$", format: "date-time"),
    "The time of sending: RFC 3339, UTC, with milliseconds.")
  private static let identifier = JSONSchema.string(minLength: 1, maxLength: 128)

  private static let message = JSONSchema.described(
    .object([
      .init("nid", nid),
      .init("team_id", identifier, optional: true),
      .init("team_name", .string(), optional: true),
      .init("user_id", .described(identifier, "The sender."), optional: true),
      .init("username", .string(), optional: true),
      .init("receiver_id", .described(identifier, "The user whom the message concerns."), optional: true),
      .init("reader_id", .described(identifier, "The reader who asked.")),
      .init("message_type", identifier),
      .init("content", .string(), optional: true),
      .init("data", .object([], open: true), optional: true),
      .init("create_time", time),
      .init("read", .boolean),
      .init("seen", .boolean),
      .init("archived", .boolean),
    ]), "A message as its reader sees it.")

  private static let page = JSONSchema.object([
    .init("data", .array(.component("Message"))),
    .init("total", .described(.integer(0), "The number of messages in the view, with its filters.")),
    .init("count", .described(.integer(0), "The number of those that are unread.")),
    .init(
      "next_cursor", .described(.anyOf([.string(), .null]), "The cursor of the next page; null at the end.")),
  ])

  private static let receipt: [JSONSchema.Property] = [
    .init("nid", nid),
    .init("create_time", time),
    .init(
      "duplicate",
      .described(.boolean, "Whether the key was known, so that nothing was appended.")),
  ]

  private static let sent = JSONSchema.object(
    receipt + [
      .init(
        "messages",
        .described(
          .array(.object(receipt + [.init("reader_id", identifier)])),
          "With reader_ids: the message of each reader, in their order."),
        optional: true)
    ])

  private static let imported = JSONSchema.object(receipt)

  private static let marked = JSONSchema.object([
    .init("changed", .described(.integer(0), "The number of messages that changed.")),
    .init("total", .described(.integer(0), "The number of messages in the inbox now.")),
    .init("count", .described(.integer(0), "The number of those that are unread.")),
  ])

  private static let joined = JSONSchema.object([
    .init("joined", .described(.boolean, "Whether the reader is a member afterwards."))
  ])

  private static let counts = JSONSchema.object(countMembers)

  private static let inboxTeam = JSONSchema.Property(
    "team_id", .described(identifier, "The inbox's team; absent for the account."), optional: true)

  /// The members that tell what happened.
  private static func changed(_ events: [String]) -> [JSONSchema.Property] {
    [
      .init("event", .enumeration(events)),
      .init(
        "message", .described(.component("Message"), "With `created`: the message that arrived."),
        optional: true),
      .init(
        "nid",
        .described(
          .string(minLength: 1), "With `removed`: the name of the message that is gone for everybody."),
        optional: true),
      .init(
        "reason", .described(.enumeration(["retracted"]), "With `removed`: why it is gone."), optional: true),
      .init("total", .described(.integer(0), "The number of messages in the inbox at this event.")),
      .init("count", .described(.integer(0), "The number of those that are unread.")),
      .init("unseen", .described(.integer(0), "The number of those that are unseen.")),
      .init("cursor", .described(.string(), "The cursor for a host that has processed this event.")),
    ]
  }

  private static let change = JSONSchema.object([inboxTeam] + changed(["created", "marked", "removed"]))

  private static let inboxEvent = JSONSchema.described(
    .object(
      [
        .init("subscription", .described(.integer(1), "The number from the answer to `subscribe`.")),
        inboxTeam,
      ]
        + changed(["created", "marked", "removed", "counts", "lagged"])),
    "The parameters of the notification `inbox_event`, which `subscribe` asks for.")

  /// An inbox in an answer, with the cursor to go on from.
  static func followed(_ more: [JSONSchema.Property]) -> JSONSchema {
    .object(
      [inboxTeam, .init("cursor", .described(.string(), "The cursor of the inbox's changes to go on from."))]
        + more + [
          .init(
            "expired",
            .described(
              .constant("true"),
              "Present if the cursor that was given is older than what is kept: the inbox is to be read anew."
            ),
            optional: true)
        ])
  }

  /// The members of counts.
  static let countMembers: [JSONSchema.Property] = [
    .init("total", .described(.integer(0), "The number of messages in the inbox.")),
    .init("count", .described(.integer(0), "The number of those that are unread.")),
    .init("unseen", .described(.integer(0), "The number of those that are unseen.")),
  ]

  private static let error = JSONSchema.object([
    .init("code", .integer()),
    .init("message", .string()),
    .init(
      "data",
      .object([
        .init("kind", .described(.string(), "The stable reason, for programs.")),
        .init("retryable", .described(.boolean, "Whether the same request may succeed later.")),
        .init("details", .object([], open: true)),
      ])),
  ])

  static let exampleMessage =
    #"{"nid":"AQRibHVl.1","team_id":"blue","user_id":"ada","reader_id":"bo","message_type":"note","#
    + #""content":"Lunch at noon?","create_time":"2026-01-02T11:00:00.000Z","read":false,"seen":false,"#
    + #""archived":false}"#
  static let examplePage = #"{"data":[\#(exampleMessage)],"total":1,"count":1,"next_cursor":null}"#
  static let exampleAccountPage =
    #"{"data":[{"nid":"BAJibw.1","reader_id":"bo","message_type":"welcome","#
    + #""content":"Good to have you here.","create_time":"2026-01-02T11:00:00.000Z","read":false,"#
    + #""seen":false,"archived":false}],"total":1,"count":1,"next_cursor":null}"#
}
