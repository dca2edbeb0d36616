import Inbox

/// One change that waits for the writer.
struct Write: Sendable {
  /// About how many bytes it writes.
  var size: Int
  /// False if its caller has taken it back: then it must not be done. To be asked before anything else.
  var begin: @Sendable () -> Bool
  /// Decides and writes; returns how to tell the caller, once it is known how the transaction ended (nil
  /// for committed). Throws only if the writing failed, and then the transaction can't be kept.
  var perform: @Sendable (Connection) throws(StoreError) -> (StoreError?) -> Void
  /// Tells the caller that the change was not made.
  var fail: @Sendable (StoreError) -> Void
}

extension Write {
  /// A change that `decide` decides and `continuation` waits for.
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
        // Its own failure is the answer only if what it was decided on is kept.
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
