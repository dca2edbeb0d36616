/// The name of an inbox: one shared log merged with the reader's own log.
public struct Inbox: Sendable {
  /// The reader.
  public let user: Text
  /// The team; nil for the account inbox.
  public let team: Text?
  /// The log that all readers share.
  public let shared: LogName
  /// The log that only this reader sees; its name is also the key of the inbox's marks.
  public let own: LogName

  /// The inbox of `user` in `team`, or the account inbox.
  public init(user: Text, team: Text? = nil) {
    self.user = user
    self.team = team
    if let team {
      shared = .team(team)
      own = .member(team: team, user: user)
    } else {
      shared = .everyone
      own = .account(user)
    }
  }

  /// The inbox of a reader's own log; nil for a log that readers share.
  public init?(own: LogName) {
    switch own.kind {
    case .member(let team, let user): self.init(user: user, team: team)
    case .account(let user): self.init(user: user)
    case .team, .everyone: return nil
    }
  }

  /// The log on one side.
  public func log(_ side: Side) -> LogName {
    switch side {
    case .shared: shared
    case .own: own
    }
  }

  /// One of an inbox's two logs.
  public enum Side: Hashable, Sendable, CaseIterable {
    /// The log that all readers share.
    case shared
    /// The reader's own log.
    case own
  }

  /// The side that holds a log; nil if the log is not part of this inbox.
  public func side(of log: LogName) -> Side? {
    log == shared ? .shared : log == own ? .own : nil
  }
}

extension Inbox: Hashable {
  /// Whether both have the same own log, which names the reader and the team.
  public static func == (a: Inbox, b: Inbox) -> Bool { a.own == b.own }

  /// Hashes what `==` compares.
  public func hash(into hasher: inout Hasher) { hasher.combine(own) }
}
