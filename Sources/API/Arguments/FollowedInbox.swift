import Inbox
import JSON

/// An inbox in a list of those that are to be followed.
struct FollowedInbox: Sendable {
  /// The team; nil for the account.
  var team: Text?
  /// The cursor to go on from, as it was given.
  var cursor: String?
}

extension Form where Value == FollowedInbox {
  /// What answers have of an inbox besides: a host may give back what it got.
  private static let passedOver = ["total", "count", "unseen", "expired"]
  private static let rule = "an object of team_id and cursor, both optional"

  /// An object with a team and a cursor, both optional.
  static let inbox = Form(
    schema: .object(
      [
        .init("team_id", .anyOf([Form<Text>.identifier.schema, .null]), optional: true),
        .init("cursor", .anyOf([.string(), .null]), optional: true),
      ] + passedOver.map { .init($0, .described(.any, "Passed over: answers have it."), optional: true) }),
    rule: rule
  ) { json throws(Misfit) in
    guard json.kind == .object else { throw Misfit(rule: rule) }
    var inbox = FollowedInbox()
    for (key, value) in json.members {
      if key.equals("team_id") {
        if !value.isNull { inbox.team = try read(value, Form<Text>.identifier, at: "/team_id") }
      } else if key.equals("cursor") {
        if !value.isNull { inbox.cursor = try read(value, Form<String>.opaque("a cursor"), at: "/cursor") }
      } else if key.string.map({ !passedOver.contains($0) }) ?? true {
        let pointer = "/" + JSON.pointerToken(key.string ?? "")
        throw Misfit(pointer: pointer, rule: "absent: there is no member of this name")
      }
    }
    return inbox
  }

  private static func read<Member>(
    _ json: JSON, _ form: Form<Member>, at pointer: String
  ) throws(Misfit) -> Member {
    do throws(Misfit) {
      return try form.read(json)
    } catch {
      throw Misfit(pointer: pointer + error.pointer, rule: error.rule)
    }
  }
}
