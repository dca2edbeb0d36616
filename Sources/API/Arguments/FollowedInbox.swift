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
  /// An object with a team and a cursor, both optional.
  static let inbox = Form(
    schema: .object([
      .init("team_id", Form<Text>.identifier.schema, optional: true),
      .init("cursor", .string(), optional: true),
    ]), rule: "an object of team_id and cursor, both optional"
  ) { json throws(Misfit) in
    guard json.kind == .object else { throw Misfit(rule: "an object of team_id and cursor, both optional") }
    var inbox = FollowedInbox()
    for (key, value) in json.members {
      if key.equals("team_id") {
        if !value.isNull { inbox.team = try read(value, Form<Text>.identifier, at: "/team_id") }
      } else if key.equals("cursor") {
        if !value.isNull { inbox.cursor = try read(value, Form<String>.opaque("a cursor"), at: "/cursor") }
      } else {
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
