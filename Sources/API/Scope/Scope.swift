import Inbox
import JSON
import JSONRPC

/// The requests that a host may make of this program; by default every request.
public struct Scope: Hashable, Sendable {
  /// The one user for whom the host acts; nil for any user.
  public var user: Text?
  /// The one name under which that user sends; nil for any name.
  public var username: Text?
  /// The teams that the host may use; empty for all teams.
  public var teams: Set<Text>
  /// Whether the host may read and change nothing.
  public var isReadOnly: Bool

  /// Creates a scope. An argument that is left out restricts nothing.
  public init(
    user: Text? = nil, username: Text? = nil, teams: Set<Text> = [], isReadOnly: Bool = false
  ) {
    self.user = user
    self.username = username
    self.teams = teams
    self.isReadOnly = isReadOnly
  }

  /// Whether account inboxes are within the scope. They belong to users: a host that was given teams and no
  /// user must not use them.
  var hasAccounts: Bool { user != nil || teams.isEmpty }

  /// The defaults of parameters within the scope, as a JSON object; nil if they are the same as without a
  /// scope.
  var defaults: JSON? {
    guard user != nil || username != nil || !hasAccounts else { return nil }
    let text = JSONWriter.object { writer in
      if let user { writer.member("user_id", user.string) }
      if let username { writer.member("username", username.string) }
      if !hasAccounts { writer.member("account", false) }
    }
    // The text was just written, with a few members: it is always valid JSON.
    return try! JSON(parsing: text)
  }
}

extension Scope {
  /// The error for a call that is out of scope, for the first of its claims that is; nil if the call is
  /// allowed.
  func refusal(of deed: Deed, _ claims: [Claim]) -> RPCError? {
    if isReadOnly, deed == .change {
      return .forbidden(pointer: "", message: "this program was started to read only")
    }
    return claims.lazy.compactMap { refusal(of: $0) }.first
  }

  /// The message that `user` must have sent for the call to be allowed; the store has to be asked.
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
    case .anybody:
      guard user == nil else {
        return .forbidden(
          pointer: "", message: "this program was started for one user: messages are others' as well")
      }
      return nil
    case .retracts(let name):
      switch name?.log.kind {
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
  /// Throws `forbidden` unless `user` sent the message: nobody else may learn whether it exists.
  func expect(
    _ name: MessageName, sentBy user: Text, before deadline: ContinuousClock.Instant?
  ) async throws {
    let sender = try await read(before: deadline) {
      try $0.messages(in: name.log, SequenceSet(name.seq)).first?.body.sender
    }
    guard sender == user else {
      throw RPCError.forbidden(pointer: "/nid", message: "the user did not send this message")
    }
  }
}
