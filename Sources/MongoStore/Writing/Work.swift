import Inbox
import Runtime

/// A queued call that changes something.
enum Work: Sendable {
  case append(Append)
  case marks(MarksWrite)
  case retract(Retract)
  case restore(Restore)

  var kind: Kind {
    switch self {
    case .append: .append
    case .marks: .marks
    case .retract: .retract
    case .restore: .restore
    }
  }

  enum Kind: Int, CaseIterable, Sendable {
    case append
    case marks
    case retract
    case restore
  }

  /// The logs whose messages or records the call changes.
  var writes: [LogName] {
    switch self {
    case .append(let append): append.logs
    case .marks: []
    case .retract(let retract): [retract.name.log]
    case .restore(let restore): restore.plan.logs.map(\.log)
    }
  }

  /// The logs that the call reads.
  var reads: [LogName] {
    switch self {
    case .append, .retract: []
    case .marks, .restore: inboxes.flatMap { [$0.shared, $0.own] }
    }
  }

  /// The inboxes whose marks the call changes.
  var inboxes: [Inbox] {
    switch self {
    case .append, .retract: []
    case .marks(let write): [write.inbox]
    case .restore(let restore): restore.plan.marks.map(\.inbox)
    }
  }

  /// The approximate number of bytes that the call writes.
  var size: Int {
    switch self {
    case .append(let append): append.size
    case .marks, .retract: 1024
    case .restore(let restore): restore.plan.size
    }
  }

  /// Must be called before anything is done. False if the caller has taken the work back: then it must not be
  /// done.
  func begin() -> Bool {
    switch self {
    case .append(let append): append.begin()
    case .marks(let write): write.begin()
    case .retract(let retract): retract.begin()
    case .restore(let restore): restore.begin()
    }
  }

  /// Tells the caller that nothing was done, unless the caller has taken the work back.
  func fail(_ error: StoreError) {
    guard begin() else { return }
    switch self {
    case .append(let append): append.settle(.failure(error))
    case .marks(let write): write.fail(error)
    case .retract(let retract): retract.settle(.failure(error))
    case .restore(let restore): restore.settle(.failure(error))
    }
  }
}

/// An append of a draft to logs.
struct Append: Sendable {
  var draft: Draft
  var logs: [LogName]
  /// False if the caller has taken it back; see `Work.begin`.
  var begin: @Sendable () -> Bool = { true }
  /// Tells the caller how many logs have the message; nil if the caller does not follow the progress.
  var progress: (@Sendable (Int) -> Void)?
  /// Tells the caller the result; called once.
  var settle: @Sendable (Result<[Receipt], StoreError>) -> Void

  var size: Int { draft.storedSize * logs.count }
}

/// A change of one inbox's marks.
struct MarksWrite: Sendable {
  /// Tells the caller the outcome of a decision: nil if it was kept.
  typealias Settle = @Sendable (StoreError?) -> Void

  var inbox: Inbox
  /// False if the caller has taken it back; see `Work.begin`.
  var begin: @Sendable () -> Bool = { true }
  /// Decides on the state, and changes it unless the caller's body fails; returns the bytes of the marks if
  /// they changed. Throws only `StaleView`.
  var decide: @Sendable (any StoreReader, inout InboxState) throws(StaleView) -> (Settle, bytes: [UInt8]?)
  /// Tells the caller that nothing was done.
  var fail: @Sendable (StoreError) -> Void
}

extension MarksWrite {
  /// Creates a change that `body` decides and `continuation` waits for.
  init<Value: Sendable>(
    _ inbox: Inbox, _ work: QueuedWork, _ continuation: CheckedContinuation<Value, any Error>,
    _ body: @escaping @Sendable (any StoreReader, inout InboxState) throws -> Value
  ) {
    self.inbox = inbox
    begin = work.begin
    decide = { reader, state throws(StaleView) in
      var next = state
      do {
        let value = try body(reader, &next)
        let changed = try next.marks.replacing(state.marks)
        if let changed {
          next.marks = changed.marks
          state = next
        }
        let settle: Settle = { failure in
          if let failure {
            continuation.resume(throwing: failure)
          } else {
            continuation.resume(returning: value)
          }
        }
        return (settle, changed?.bytes)
      } catch let stale as StaleView {
        throw stale
      } catch {
        // The body's own failure is the answer only if the state that it was decided on is kept.
        return ({ continuation.resume(throwing: $0 ?? error) }, nil)
      }
    }
    fail = { continuation.resume(throwing: $0) }
  }
}

/// A retraction of a message.
struct Retract: Sendable {
  var name: MessageName
  /// False if the caller has taken it back; see `Work.begin`.
  var begin: @Sendable () -> Bool = { true }
  /// Tells the caller the result; called once.
  var settle: @Sendable (Result<Bool, StoreError>) -> Void
}

/// What is to be restored.
struct Restore: Sendable {
  var plan: RestorePlan
  /// False if the caller has taken it back; see `Work.begin`.
  var begin: @Sendable () -> Bool = { true }
  /// Tells the caller the result; called once.
  var settle: @Sendable (Result<Restored.Counts, StoreError>) -> Void
}
