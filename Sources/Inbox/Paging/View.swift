/// Which messages of an inbox are listed.
public enum View: String, Sendable, CaseIterable {
  /// All but archived ones.
  case inbox
  /// Of the inbox, those not read.
  case unread
  /// Of the inbox, those read.
  case read
  /// Only archived ones.
  case archived
  /// Archived and not.
  case all
}

/// In which order messages are listed.
public enum Order: String, Sendable, CaseIterable {
  /// Newest first.
  case newest
  /// Oldest first.
  case oldest
  /// Unread messages newest first, then the read ones newest first. By cursor a message stays where the first
  /// page had it. Of very many ranges of unread messages (some 700) the oldest stand among the read ones.
  case unreadFirst = "unread_first"
}

extension InboxState {
  /// The numbers on one side that a view shows.
  public func members(of view: View, _ side: Inbox.Side) -> SequenceSet {
    let living = living(side)
    let archived = marks[side].archived
    switch view {
    case .all: return living
    case .archived: return living.intersection(archived)
    case .inbox: return living.subtracting(archived)
    case .unread: return living.subtracting(archived).subtracting(read(side))
    case .read: return living.subtracting(archived).intersection(read(side))
    }
  }
}
