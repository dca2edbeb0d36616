import Inbox

/// The decision of a change: its result, and the writes that are still to be done for it. A change decides
/// before it writes: if it fails for its own reason it has written nothing, and the other changes in its
/// transaction continue.
struct Decision<Value: Sendable> {
  var value: Value
  /// The writes; nil if nothing changes.
  var write: ((Connection) throws(StoreError) -> Void)?
}
