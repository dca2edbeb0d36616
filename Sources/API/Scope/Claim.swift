import Inbox

/// The kind of a method's work.
enum Deed: Hashable, Sendable {
  /// Reports on the program itself.
  case service
  /// Reads inboxes.
  case look
  /// Changes something.
  case change
}

/// Something that a call asks for and that a host's scope may exclude.
enum Claim: Hashable, Sendable {
  /// To act as this user; nil if the call names no user.
  case user(Text?)
  /// To show this name as the sender's; nil if the call gives no name.
  case username(Text?)
  /// To use what belongs to a team, which the parameter at `pointer` names.
  case team(Text, pointer: String = "/team_id")
  /// To use an account's inbox. The parameter at `pointer` names it, or does so by being left out.
  case account(pointer: String)
  /// To send a message to every account.
  case everyone
  /// To bring in messages of any sender.
  case anybody
  /// To retract a message; nil if the `nid` does not name one.
  case retracts(MessageName?)
}

extension [Claim] {
  /// The claims for the inbox that `user_id` names, together with `team_id` if that is given.
  static func inbox(_ inbox: Inbox) -> [Claim] {
    [.user(inbox.user), inbox.team.map { .team($0) } ?? .account(pointer: "/team_id")]
  }

  /// The claims for a team inbox, in a method that checks `team_id` first.
  static func teamInbox(_ inbox: Inbox) -> [Claim] { .inbox(inbox).reversed() }

  /// The claims for an account inbox, in a method that has no other inboxes.
  static func accountInbox(_ inbox: Inbox) -> [Claim] {
    [.user(inbox.user), .account(pointer: "/user_id")]
  }
}
