/// Something that a call reads or changes, for the rule of order.
///
/// Calls that depend on one key in different modes wait for one another in order of arrival. Calls of the same
/// mode on a key run together, unless it is `exclusive`.
public struct Dependency: Hashable, Sendable {
  /// A hash of the name of the thing. A collision only makes calls wait.
  public let key: UInt64
  /// The way in which the call uses it.
  public let mode: Mode

  /// The ways in which a call uses a key.
  public enum Mode: Hashable, Sendable {
    /// The call changes nothing, and starts in any order among others of this mode.
    case shared
    /// The call changes the thing beside others of the same class, and starts in order of arrival among them.
    case ordered(UInt8)
    /// The call runs while nothing else runs on the key.
    case exclusive
  }

  /// Creates a dependency on one key.
  public init(key: UInt64, mode: Mode) {
    self.key = key
    self.mode = mode
  }
}
