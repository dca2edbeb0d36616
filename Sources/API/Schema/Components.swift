/// The schemas that several methods share, and the examples made from them.
enum Components {
  static let schemas: [(name: String, schema: Schema)] = [
    ("Message", message), ("Page", page), ("Sent", sent), ("Marked", marked), ("Joined", joined),
    ("Counts", counts), ("Change", change), ("Error", error),
  ]

  private static let nid = Schema.described(
    .string(minLength: 1), "Names the message; opaque to clients.")
  private static let time = Schema.described(
    .string(
      pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$", format: "date-time"),
    "When it was sent: RFC 3339, UTC, with milliseconds.")
  private static let identifier = Schema.string(minLength: 1, maxLength: 128)

  private static let message = Schema.described(
    .object([
      .init("nid", nid),
      .init("team_id", identifier, optional: true),
      .init("team_name", .string(), optional: true),
      .init("user_id", .described(identifier, "The sender."), optional: true),
      .init("username", .string(), optional: true),
      .init("receiver_id", .described(identifier, "Whom it concerns."), optional: true),
      .init("reader_id", .described(identifier, "The reader who asked.")),
      .init("message_type", identifier),
      .init("content", .string(), optional: true),
      .init("data", .object([], open: true), optional: true),
      .init("create_time", time),
      .init("read", .boolean),
      .init("seen", .boolean),
      .init("archived", .boolean),
    ]), "A message as its reader sees it.")

  private static let page = Schema.object([
    .init("data", .array(.component("Message"))),
    .init("total", .described(.integer(0), "How many messages the view has with its filters.")),
    .init("count", .described(.integer(0), "How many of those are not read.")),
    .init("next_cursor", .described(.anyOf([.string(), .null]), "Where to read on; null at the end.")),
  ])

  private static let receipt: [Schema.Property] = [
    .init("nid", nid),
    .init("create_time", time),
    .init(
      "duplicate",
      .described(.boolean, "True if the key was known and nothing was appended.")),
  ]

  private static let sent = Schema.object(
    receipt + [
      .init(
        "messages",
        .described(
          .array(.object(receipt + [.init("reader_id", identifier)])),
          "With reader_ids: what each reader got, in their order."),
        optional: true)
    ])

  private static let marked = Schema.object([
    .init("changed", .described(.integer(0), "How many messages changed.")),
    .init("total", .described(.integer(0), "How many messages the inbox has now.")),
    .init("count", .described(.integer(0), "How many of those are not read.")),
  ])

  private static let joined = Schema.object([
    .init("joined", .described(.boolean, "Whether the reader is a member afterwards."))
  ])

  private static let counts = Schema.object([
    .init("total", .described(.integer(0), "Messages in the inbox.")),
    .init("count", .described(.integer(0), "Those not read.")),
    .init("unseen", .described(.integer(0), "Those not seen.")),
  ])

  private static let change = Schema.object([
    .init("event", .enumeration(["created", "marked", "retracted"])),
    .init("message", .component("Message"), optional: true),
    .init("nid", nid, optional: true),
    .init("total", .described(.integer(0), "Messages in the inbox at this event.")),
    .init("count", .described(.integer(0), "Those not read.")),
    .init("cursor", .described(.string(), "Where a host goes on that has taken this change in.")),
  ])

  private static let error = Schema.object([
    .init("code", .integer()),
    .init("message", .string()),
    .init(
      "data",
      .object([
        .init("kind", .described(.string(), "The reason, stable, for programs.")),
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
