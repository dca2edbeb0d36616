import API
import ArgumentParser
import Inbox

/// The options for the host's scope.
struct ScopeOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Act for this user only: user_id may be omitted, and any other is refused.",
      discussion: "Announcements, and retracting what others sent, are forbidden.", valueName: "id"))
  var user: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The name under which that user sends; needs --user.",
      discussion: "username may be omitted, and any other is refused.", valueName: "name"))
  var username: String?

  @Option(
    name: .customLong("team"),
    help: ArgumentHelp(
      "Allow this team only; may be repeated.",
      discussion: "Without --user, account inboxes are forbidden too.", valueName: "id"))
  var teams: [String] = []

  @Flag(name: .long, help: "Forbid every method that changes something.")
  var readOnly = false

  /// The scope that the options set.
  var scope: Scope {
    Scope(
      user: user.map { Text($0) }, username: username.map { Text($0) }, teams: Set(teams.map { Text($0) }),
      isReadOnly: readOnly)
  }

  func validate() throws {
    if let username {
      guard user != nil else { throw ValidationError("--username needs --user ID") }
      guard !username.hasStandIns else { throw ValidationError("--username must be UTF-8") }
      guard username.utf8.count <= 1024 else {
        throw ValidationError("--username must have at most 1024 bytes")
      }
    }
    for (name, value) in [("user", user)] + teams.map({ ("team", $0) }) {
      guard let value else { continue }
      guard !value.hasStandIns else { throw ValidationError("--\(name) must be UTF-8") }
      guard (1...128).contains(value.utf8.count) else {
        throw ValidationError("--\(name) must be an identifier of 1 to 128 bytes")
      }
    }
  }
}
