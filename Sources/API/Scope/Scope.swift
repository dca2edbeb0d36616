import Inbox
import JSON
import JSONRPC

/// What a host may ask of this program; by default everything.
public struct Scope: Hashable, Sendable {
  /// The one user that the host acts for; nil for any.
  public var user: Text?
  /// The name under which that user sends, and no other; nil for any.
  public var username: Text?
  /// The teams that it may ask about; empty for all.
  public var teams: Set<Text>
  /// Whether it may look and change nothing.
  public var isReadOnly: Bool

  /// A scope; what is left out is not restricted.
  public init(
    user: Text? = nil, username: Text? = nil, teams: Set<Text> = [], isReadOnly: Bool = false
  ) {
    self.user = user
    self.username = username
    self.teams = teams
    self.isReadOnly = isReadOnly
  }

  /// Whether account inboxes are within it. They belong to users: a host that was given teams, and no user,
  /// has no business there.
  var hasAccounts: Bool { user != nil || teams.isEmpty }

  /// What a call's parameters are when they are left out, as a JSON object; nil if it is as without a scope.
  var defaults: JSON? {
    guard user != nil || username != nil || !hasAccounts else { return nil }
    let text = JSONWriter.object { writer in
      if let user { writer.member("user_id", user.string) }
      if let username { writer.member("username", username.string) }
      if !hasAccounts { writer.member("account", false) }
    }
    // Just written, of a few members: it can only be JSON.
    return try! JSON(parsing: text)
  }
}

extension Scope {
  /// Why a call may not be made: the first of its claims that is out of scope; nil if it may.
  func refusal(of deed: Deed, _ claims: [Claim]) -> RPCError? {
    if isReadOnly, deed == .change {
      return .forbidden(pointer: "", message: "this program was started to read only")
    }
    return claims.lazy.compactMap { refusal(of: $0) }.first
  }

  /// The message that `user` must have sent for the call to be made: the store has to be asked.
  func mustHaveSent(_ claims: [Claim]) -> MessageName? {
    guard user != nil else { return nil }
    for case .retracts(let name?) in claims { return name }
    return nil
  }

  private func refusal(of claim: Claim) -> RPCError? {
    switch claim {
    case .user(let acting):
      guard let user, acting != user else { return nil }
      return .forbidden(pointer: "/user_id", message: "this program was started for another user")
    case .username(let shown):
      guard let username, shown != username else { return nil }
      return .forbidden(pointer: "/username", message: "this program was started with another username")
    case .team(let team, let pointer):
      return refusal(ofTeam: team, pointer)
    case .account(let pointer):
      return refusal(ofAccounts: pointer)
    case .everyone:
      guard user == nil, teams.isEmpty else {
        return .forbidden(pointer: "", message: "this program was not started to announce to everyone")
      }
      return nil
    case .retracts(let name):
      switch name?.log {
      case .team(let team), .member(let team, _): return refusal(ofTeam: team, "/nid")
      case .everyone, .account: return refusal(ofAccounts: "/nid")
      case nil: return nil
      }
    }
  }

  private func refusal(ofTeam team: Text, _ pointer: String) -> RPCError? {
    guard !teams.isEmpty, !teams.contains(team) else { return nil }
    return .forbidden(pointer: pointer, message: "this program was started for other teams")
  }

  private func refusal(ofAccounts pointer: String) -> RPCError? {
    guard !hasAccounts else { return nil }
    return .forbidden(pointer: pointer, message: "this program was started for teams, not for accounts")
  }
}

extension MessageStore {
  /// Throws `forbidden` unless `user` sent the message: whether it exists is nobody else's business.
  func expect(_ name: MessageName, sentBy user: Text) async throws {
    let sender = try await read { try $0.messages(in: name.log, SequenceSet(name.seq)).first?.body.sender }
    guard sender == user else {
      throw RPCError.forbidden(pointer: "/nid", message: "the user did not send this message")
    }
  }
}
