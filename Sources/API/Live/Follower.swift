import Inbox
import Synchronization

/// A subscription, or a call that waits for changes, for those who do something for it.
final class Follower: Sendable {
  /// The number that hosts know a subscription by, or a negative one; no other follower of the connection ever has it.
  let id: Int
  /// What the follower follows its inboxes for.
  let purpose: Purpose
  /// Whether nothing more is to be sent. Set before the answer that says so is queued.
  let hasEnded = Atomic(false)
  /// Called when an inbox that a call waits for may have changed.
  let wake: @Sendable () -> Void

  init(id: Int, _ purpose: Purpose, wake: @escaping @Sendable () -> Void = {}) {
    self.id = id
    self.purpose = purpose
    self.wake = wake
  }

  /// What inboxes are followed for.
  enum Purpose: Hashable, Sendable {
    /// To send every event.
    case messages
    /// To send the counts.
    case counts
    /// To wake a call.
    case call
  }
}

/// How far a follower has followed an inbox.
struct Position: Hashable, Sendable {
  /// The cursor.
  var cursor: ChangeCursor
  /// The past of the store in which the cursor was made or compared; nil if that has to be done.
  var past: Int?
}

/// The most that one connection may follow.
public struct FollowingLimits: Hashable, Sendable {
  /// The most subscriptions, and calls that wait for changes.
  public var subscriptions = 10_000
  /// The most inboxes that these follow together.
  public var inboxes = 1_000_000

  /// Creates the default limits.
  public init() {}
}
