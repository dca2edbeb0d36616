import Inbox
import Runtime

/// A change that waits for the writer.
struct Write: Sendable {
  /// The logs that the change is about.
  var logs: Logs
  /// The approximate number of bytes that the change writes.
  var size: Int
  /// False if the caller has taken the change back: then it must not be made. Must be called before anything
  /// else.
  var begin: @Sendable () -> Bool
  /// Decides and writes. Throws only if the writing failed; then the transaction can't be kept.
  var perform: @Sendable (Connection) throws(StoreError) -> Performed
  /// Tells the caller that the change was not made.
  var fail: @Sendable (StoreError) -> Void

  /// One log, several, or any of them.
  enum Logs {
    case log(LogName)
    case logs([LogName])
    case any
  }

  /// A change whose transaction has not ended yet.
  struct Performed {
    /// Whether anything was written.
    var hasWritten: Bool
    /// Tells the caller how the transaction ended; nil if it was committed.
    var settle: (StoreError?) -> Void
  }
}

extension Write {
  /// Creates a change of these logs that `decide` decides and `continuation` waits for.
  init<Value: Sendable>(
    _ logs: Logs, size: Int, _ work: QueuedWork, _ continuation: CheckedContinuation<Value, any Error>,
    _ decide: @escaping @Sendable (Connection) throws -> Decision<Value>
  ) {
    self.logs = logs
    self.size = size
    begin = work.begin
    perform = { connection throws(StoreError) in
      let decision: Decision<Value>
      do {
        decision = try decide(connection)
      } catch {
        // The change's own failure is the answer only if the state that it was decided on is kept.
        return Performed(hasWritten: false) { continuation.resume(throwing: $0 ?? error) }
      }
      try decision.write?(connection)
      return Performed(hasWritten: decision.write != nil) { failure in
        if let failure {
          continuation.resume(throwing: failure)
        } else {
          continuation.resume(returning: decision.value)
        }
      }
    }
    fail = { continuation.resume(throwing: $0) }
  }
}
