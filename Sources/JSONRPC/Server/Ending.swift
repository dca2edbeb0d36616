/// Why the server stopped, and the exit status that says so.
public enum Ending: Sendable, Equatable {
  /// The host closed its end: everything accepted was answered and written.
  case endOfInput
  /// The host sent `exit`; `afterShutdown` as it should.
  case exit(afterShutdown: Bool)
  /// `drain` was called: everything accepted was answered and written.
  case drained
  /// The time for draining was over, or `stop` was called: answers may be missing.
  case cutShort
  /// The host does not read any more: answers were dropped.
  case outputClosed
  /// The stream could not be followed any further; everything accepted was answered.
  case lostSync
  /// Reading failed with this `errno`; everything accepted was answered.
  case inputFailed(Int32)

  /// The process's exit status, by the names of sysexits.h: 0, 1 for an `exit` without `shutdown`, 65 data
  /// error, 74 input/output error, 75 temporary failure.
  public var status: Int32 {
    switch self {
    case .endOfInput, .exit(afterShutdown: true), .drained: 0
    case .exit(afterShutdown: false): 1
    case .lostSync: 65
    case .outputClosed, .inputFailed: 74
    case .cutShort: 75
    }
  }
}
