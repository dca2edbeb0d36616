import Inbox
import Runtime

/// A change that waits for the writer.
struct Write: Sendable {
  /// The approximate number of bytes that the change writes.
  var size: Int
  /// False if the caller has taken the change back: then it must not be made. Must be called before anything
  /// else.
  var begin: @Sendable () -> Bool
  /// Decides and writes; returns a closure that tells the caller, once it is known how the transaction ended
  /// (nil if it was committed). Throws only if the writing failed; then the transaction can't be kept.
  var perform: @Sendable (Connection) throws(StoreError) -> (StoreError?) -> Void
  /// Tells the caller that the change was not made.
  var fail: @Sendable (StoreError) -> Void
}

extension Write {
  /// Creates a change that `decide` decides and `continuation` waits for.
  init<Value: Sendable>(
    size: Int, _ work: QueuedWork, _ continuation: CheckedContinuation<Value, any Error>,
    _ decide: @escaping @Sendable (Connection) throws -> Decision<Value>
  ) {
    self.size = size
    begin = work.begin
    perform = { connection throws(StoreError) in
      let decision: Decision<Value>
      do {
        decision = try decide(connection)
      } catch {
        // The change's own failure is the answer only if the state that it was decided on is kept.
        return { continuation.resume(throwing: $0 ?? error) }
      }
      try decision.write?(connection)
      return { failure in
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
