import Inbox

/// What a change has decided: its result, and what is still to be written for it. A change decides before it
/// writes, so that one that fails for its own reason has written nothing, and the changes it shares a
/// transaction with go on.
struct Decision<Value: Sendable> {
  var value: Value
  /// Nil if nothing changes.
  var write: ((Connection) throws(StoreError) -> Void)?
}
