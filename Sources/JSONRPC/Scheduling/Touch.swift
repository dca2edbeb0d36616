/// Something that a call reads or changes, for the rule of order.
///
/// Calls whose touches share a key and differ in mode wait for one another in order of arrival. Calls of the
/// same mode on a key run together; appends and marks are started in order of arrival, reads in any order.
public struct Touch: Hashable, Sendable {
  /// What is touched: a hash of its name. A collision only makes calls wait.
  public let key: UInt64
  /// How it is touched.
  public let mode: Mode

  /// How a call touches a key.
  public enum Mode: UInt8, Sendable, CaseIterable {
    /// Looks at it.
    case read
    /// Adds to it.
    case append
    /// Changes the marks on it.
    case mark
    /// Runs with nothing else on the key.
    case exclusive
  }

  /// A touch of one key.
  public init(key: UInt64, mode: Mode) {
    self.key = key
    self.mode = mode
  }
}
