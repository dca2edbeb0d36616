import Inbox

/// What of a store is exported.
public enum Selection: Hashable, Sendable {
  /// All of it.
  case all
  /// One team: its log, its readers' own logs and their marks.
  case team(Text)
  /// What the store knows of one person: their own logs and marks, and the messages elsewhere that they sent or that
  /// concern them.
  case user(Text)

  /// What the export says that it holds.
  var holds: ExportLine.Holds {
    switch self {
    case .all: .all
    case .team: .team
    case .user: .user
    }
  }

  /// Which messages of a log are exported.
  enum Part: Hashable, Sendable {
    case whole
    /// Those that this person sent or that concern them.
    case of(Text)
  }

  /// Which messages of a log are exported; nil for none.
  func part(of log: LogName) -> Part? {
    switch (self, log.kind) {
    case (.all, _): .whole
    case (.team(let team), .team(let name)), (.team(let team), .member(let name, _)):
      team == name ? .whole : nil
    case (.team, _): nil
    case (.user(let user), .member(_, let owner)), (.user(let user), .account(let owner)):
      user == owner ? .whole : .of(user)
    case (.user(let user), _): .of(user)
    }
  }

  /// Whether an inbox's marks are exported.
  func has(_ inbox: Inbox) -> Bool {
    switch self {
    case .all: true
    case .team(let team): inbox.team == team
    case .user(let user): inbox.user == user
    }
  }
}
