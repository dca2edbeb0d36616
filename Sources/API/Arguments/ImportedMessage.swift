import Inbox
import JSON

/// A message with the time that it had elsewhere, as `import_messages` takes it.
struct ImportedMessage: Sendable {
  static let createTime = Parameter("create_time", .time, "The time of the message.")
  static let read = Parameter("read", .boolean, or: false, "Whether the reader has read it.")
  static let seen = Parameter("seen", .boolean, or: false, "Whether the reader has seen it.")
  static let archived = Parameter("archived", .boolean, or: false, "Whether the reader has archived it.")
  static let key = Parameter(
    "idempotency_key", .identifier,
    "Tells the message apart from the sender's others in this log: the same call again adds nothing.")
  /// The members, in the order in which they are checked.
  static let members: [any ParameterDescription] = [
    createTime, Common.messageType, Common.userID.optional, Common.username, Common.teamName,
    Common.receiverID,
    Common.content, Common.data, key, read, seen, archived,
  ]

  var draft: Draft
  var time: Timestamp
  var flags: [MarkChange.Flag]

  init(_ json: JSON) throws(Misfit) {
    guard json.kind == .object else { throw Misfit(rule: "an object") }
    for (name, _) in json.members where !Self.members.contains(where: { name.equals($0.name) }) {
      throw Misfit(
        pointer: "/" + JSON.pointerToken(name.string ?? ""), rule: "left out: there is no member of this name"
      )
    }
    func take<Value>(_ member: Parameter<Value>) throws(Misfit) -> Value {
      guard let value = json[member.name] else {
        guard let standard = member.standard else { throw Misfit(pointer: "/\(member.name)", rule: "given") }
        return standard
      }
      do throws(Misfit) {
        return try member.form.read(value)
      } catch {
        throw Misfit(pointer: "/\(member.name)\(error.pointer)", rule: error.rule)
      }
    }
    time = try take(Self.createTime)
    var body = MessageBody(type: try take(Common.messageType))
    body.sender = try take(Common.userID.optional)
    body.username = try take(Common.username)
    body.teamName = try take(Common.teamName)
    body.receiver = try take(Common.receiverID)
    body.content = try take(Common.content)
    body.data = try take(Common.data)
    draft = Draft(body: body, key: try take(Self.key), digest: body.digest)
    flags = []
    if try take(Self.read) { flags.append(.read) }
    if try take(Self.seen) { flags.append(.seen) }
    if try take(Self.archived) { flags.append(.archived) }
  }
}

extension Form where Value == ImportedMessage {
  /// A message with its time.
  static let importedMessage = Form(
    schema: .object(
      ImportedMessage.members.map {
        .init("\($0.name)", .described($0.schema, $0.summary), optional: !$0.isRequired)
      }), rule: "an object"
  ) { json throws(Misfit) in try ImportedMessage(json) }
}

extension Form where Value == Timestamp {
  /// A time by RFC 3339.
  static let time = Form(
    .string(format: "date-time"), "a time by RFC 3339, such as \"2026-11-22T19:30:42.123Z\""
  ) { $0.time }
}
