/// A hint that something in a store may have changed, whoever changed it. The logs are the truth.
public enum Wake: Hashable, Sendable {
  /// These logs may have changed, by their fingerprints (see `LogName.fingerprint`): their messages or records. The
  /// name of a reader's own log stands for the marks of that inbox as well.
  case logs([UInt64])
  /// Anything may have changed.
  case everything

  /// The wake for changes of these logs.
  public static func logs(_ names: [LogName]) -> Wake { .logs(names.map(\.fingerprint)) }
}

/// The following of a store's changes, which goes on until it is ended.
public struct Watch: Sendable {
  private let whenEnded: @Sendable () -> Void

  /// Creates a watch; `whenEnded` ends it, and may be called more than once.
  public init(_ whenEnded: @escaping @Sendable () -> Void) { self.whenEnded = whenEnded }

  /// Ends the watch: soon its listener is no longer called. May be called more than once.
  public func end() { whenEnded() }
}
