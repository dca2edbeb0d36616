/// The reason why the server stopped, and the exit status for it.
public enum Ending: Sendable, Equatable {
  /// The host closed its end. Every accepted request was answered, and every answer was written.
  case endOfInput
  /// The host sent `exit`; `afterShutdown` is true if it sent `shutdown` first, as it should.
  case exit(afterShutdown: Bool)
  /// `drain` was called. Every accepted request was answered, and every answer was written.
  case drained
  /// The time for draining was over, or `stop` was called. Answers may be missing.
  case cutShort
  /// The host no longer reads. Answers were dropped.
  case outputClosed
  /// The framing was broken. Every accepted request was answered.
  case lostSync
  /// Reading failed with this `errno`. Every accepted request was answered.
  case inputFailed(Int32)

  /// The process's exit status, from sysexits.h: 0; 1 for an `exit` without `shutdown`; 65, data error; 74,
  /// input/output error; 75, temporary failure.
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
