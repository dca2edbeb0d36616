import Inbox

/// What kind of thing a method does.
enum Deed: Hashable, Sendable {
  /// Tells about the program itself.
  case service
  /// Reads inboxes.
  case look
  /// Changes something.
  case change
}

/// Something that a call asks for, as far as a host's scope is concerned.
enum Claim: Hashable, Sendable {
  /// To act as this user; nil if none was named.
  case user(Text?)
  /// To be shown under this name as the sender; nil if none was given.
  case username(Text?)
  /// What belongs to a team; named by the parameter at `pointer`.
  case team(Text, pointer: String = "/team_id")
  /// An account's inbox; named, or not named otherwise, by the parameter at `pointer`.
  case account(pointer: String)
  /// To be heard in every account.
  case everyone
  /// To take a message back; nil if the `nid` names none.
  case retracts(MessageName?)
}

extension [Claim] {
  /// An inbox that `user_id` names with `team_id`, or without it.
  static func inbox(_ inbox: Inbox) -> [Claim] {
    [.user(inbox.user), inbox.team.map { .team($0) } ?? .account(pointer: "/team_id")]
  }

  /// A team inbox, of a method that checks `team_id` first.
  static func teamInbox(_ inbox: Inbox) -> [Claim] { .inbox(inbox).reversed() }

  /// An account inbox, of a method that knows no other.
  static func accountInbox(_ inbox: Inbox) -> [Claim] {
    [.user(inbox.user), .account(pointer: "/user_id")]
  }
}
