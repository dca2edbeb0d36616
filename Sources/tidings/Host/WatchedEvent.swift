import JSON

/// Something that `watch` prints.
struct WatchedEvent {
  /// The parameters of the event, an inbox that lagged, or the answer with all inboxes.
  let event: JSON
  /// For a program: a line of JSON.
  let line: [UInt8]

  /// For a person: a line, or one for each inbox.
  var sentence: [UInt8] {
    guard let inboxes = event["inboxes"] else { return Array("\(Self.told(event))\n".utf8) }
    return inboxes.elements.flatMap { Array("\(Self.place($0)): \(Self.numbers($0))\n".utf8) }
  }

  private static func told(_ event: JSON) -> String {
    let place = place(event)
    switch event["event"]?.string {
    case "created":
      guard let message = event["message"] else { return place }
      let time = text(message["create_time"]).replacingT
      return "\(time) \(place): \(sender(message))\(body(message)) (\(numbers(event)))"
    case "removed": return "\(place): a message was \(text(event["reason"])) (\(numbers(event)))"
    case "marked", "counts": return "\(place): \(numbers(event))"
    default: return "\(place): what happened before is no longer known (\(numbers(event)))"
    }
  }

  private static func place(_ inbox: JSON) -> String { inbox["team_id"].map { text($0) } ?? "account" }

  private static func numbers(_ inbox: JSON) -> String {
    "\(inbox["count"]?.integer ?? 0) unread of \(inbox["total"]?.integer ?? 0)"
  }

  /// Who wrote a message. The display name is whatever its sender chose.
  private static func sender(_ message: JSON) -> String {
    guard let user = message["user_id"] else { return "" }
    return message["username"].map { "\(text(user)) (\(text($0))): " } ?? "\(text(user)): "
  }

  private static func body(_ message: JSON) -> String { text(message["content"] ?? message["message_type"]) }

  private static func text(_ value: JSON?) -> String { (value?.string ?? "").shown() }
}

extension String {
  /// A time of the wire as a person reads it.
  fileprivate var replacingT: String { String(map { $0 == "T" ? " " : $0 }) }
}
