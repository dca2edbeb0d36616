/// Something that a call reads or changes, for the rule of order.
///
/// Calls whose touches share a key and differ in mode wait for one another in order of arrival. Calls of the
/// same mode on a key run together; appends and marks are started in order of arrival, reads in any order.
public struct Touch: Hashable, Sendable {
  /// A hash of the name of the thing that is touched. A collision only makes calls wait.
  public let key: UInt64
  /// The way in which it is touched.
  public let mode: Mode

  /// The ways in which a call touches a key.
  public enum Mode: UInt8, Sendable, CaseIterable {
    /// Reads the thing.
    case read
    /// Adds to the thing.
    case append
    /// Changes the marks on the thing.
    case mark
    /// Runs while nothing else runs on the key.
    case exclusive
  }

  /// Creates a touch of one key.
  public init(key: UInt64, mode: Mode) {
    self.key = key
    self.mode = mode
  }
}
