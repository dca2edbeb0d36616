/// A change of an inbox.
public struct Change: Hashable, Sendable {
  /// The kinds of changes.
  public enum Event: Hashable, Sendable {
    /// A message arrived.
    case created(Entry<Message>)
    /// The marks or the membership changed, once or several times.
    case marked
    /// A message is gone for everybody.
    case removed(MessageName, Removal)
  }

  /// The reasons for which a message is gone for everybody.
  public enum Removal: String, Hashable, Sendable, CaseIterable {
    /// It was retracted.
    case retracted
  }

  /// The event.
  public var event: Event
  /// The inbox's counts at this event, with the marks of its time or later.
  public var counts: InboxState.Counts
  /// The cursor for a host that has processed this change.
  public var cursor: ChangeCursor
}

/// The changes of an inbox since a cursor.
public struct Changes: Sendable {
  /// The changes, in order.
  public var changes: [Change]
  /// The cursor to continue from.
  public var cursor: ChangeCursor
  /// Whether there are more changes already.
  public var more: Bool

  /// Creates a list of changes with the cursor to continue from.
  public init(changes: [Change], cursor: ChangeCursor, more: Bool) {
    self.changes = changes
    self.cursor = cursor
    self.more = more
  }

  /// No changes, with a cursor at the present to follow the inbox from.
  public static func none(_ state: InboxState, _ reader: any StoreReader) throws -> Changes {
    Changes(changes: [], cursor: try ChangeCursor(state, reader), more: false)
  }
}

/// A cursor that is older than the changes that are kept, or that comes from a past that this store does not
/// have, because the store was restored or made anew.
public struct ChangeCursorExpired: Error {}
