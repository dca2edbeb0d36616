/// The name of an inbox: one shared log merged with the reader's own log.
public struct Inbox: Hashable, Sendable {
  /// The reader.
  public var user: Text
  /// The team; nil for the account inbox.
  public var team: Text?

  /// The inbox of `user` in `team`, or the account inbox.
  public init(user: Text, team: Text? = nil) {
    self.user = user
    self.team = team
  }

  /// The log that all readers share.
  public var shared: LogName { team.map { .team($0) } ?? .everyone }
  /// The log that only this reader sees; its name is also the key of the inbox's marks.
  public var own: LogName { team.map { .member(team: $0, user: user) } ?? .account(user) }

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
