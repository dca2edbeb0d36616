/// Something that happened to an inbox.
public struct Change: Hashable, Sendable {
  /// What happened.
  public enum Event: Hashable, Sendable {
    /// A message came.
    case created(Page.Entry)
    /// Marks or the membership changed, once or several times.
    case marked
    /// A message was taken back.
    case retracted(MessageName)
  }

  /// What happened.
  public var event: Event
  /// The inbox's numbers at this event, with the marks of its time or later.
  public var counts: InboxState.Counts
  /// Where a host goes on that has taken this change in.
  public var cursor: ChangeCursor
}

/// What happened to an inbox since a cursor.
public struct Changes: Sendable {
  /// The changes, in order.
  public var changes: [Change]
  /// Where to go on.
  public var cursor: ChangeCursor
  /// Whether there is more already.
  public var more: Bool

  /// Changes, and where to go on.
  public init(changes: [Change], cursor: ChangeCursor, more: Bool) {
    self.changes = changes
    self.cursor = cursor
    self.more = more
  }

  /// No changes, and the present to follow the inbox from.
  public static func none(_ state: InboxState, _ reader: any StoreReader) throws -> Changes {
    Changes(changes: [], cursor: try ChangeCursor(state, reader), more: false)
  }
}

/// A cursor that is older than what is kept, or of a past that this store does not have: it was restored, or made
/// anew.
public struct ChangeCursorExpired: Error {}
