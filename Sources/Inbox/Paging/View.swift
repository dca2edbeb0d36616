/// The views of an inbox: which of its messages are listed.
public enum View: String, Sendable, CaseIterable {
  /// All messages except archived ones.
  case inbox
  /// The messages of `inbox` that are not read.
  case unread
  /// The messages of `inbox` that are read.
  case read
  /// Archived messages only.
  case archived
  /// All messages, archived or not.
  case all
}

/// The orders of a listing.
public enum Order: String, Sendable, CaseIterable {
  /// Newest first.
  case newest
  /// Oldest first.
  case oldest
  /// Unread messages newest first, then the read ones newest first. With cursors, a message stays where the
  /// first page listed it. If there are very many ranges of unread messages (some 700), the oldest are listed
  /// among the read ones.
  case unreadFirst = "unread_first"
}

extension InboxState {
  /// The numbers on one side that are in a view.
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
