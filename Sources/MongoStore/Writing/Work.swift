import Inbox

/// One call that changes something and waits for its turn.
enum Work: Sendable {
  case append(Append)
  case change(Change)
  case retract(Retract)

  var kind: Kind {
    switch self {
    case .append: .append
    case .change: .change
    case .retract: .retract
    }
  }

  enum Kind: Int, CaseIterable, Sendable {
    case append
    case change
    case retract
  }

  /// The logs whose contents or records it changes.
  var writes: [LogName] {
    switch self {
    case .append(let append): append.logs
    case .change: []
    case .retract(let retract): [retract.name.log]
    }
  }

  /// The logs that it reads.
  var reads: [LogName] {
    switch self {
    case .append, .retract: []
    case .change(let change): [change.inbox.shared, change.inbox.own]
    }
  }

  /// The inbox whose marks it changes.
  var inbox: Inbox? {
    if case .change(let change) = self { change.inbox } else { nil }
  }

  /// About how many bytes it writes.
  var size: Int {
    switch self {
    case .append(let append): append.size
    case .change, .retract: 1024
    }
  }

  /// To be asked before anything is done. False if the caller has taken it back: then it must not be done.
  func begin() -> Bool {
    switch self {
    case .append(let append): append.begin()
    case .change(let change): change.begin()
    case .retract(let retract): retract.begin()
    }
  }

  /// Tells the caller that nothing was done, unless it has taken the work back.
  func fail(_ error: StoreError) {
    guard begin() else { return }
    switch self {
    case .append(let append): append.settle(.failure(error))
    case .change(let change): change.fail(error)
    case .retract(let retract): retract.settle(.failure(error))
    }
  }
}

/// A draft on its way into logs.
struct Append: Sendable {
  var draft: Draft
  var logs: [LogName]
  /// False if its caller has taken it back; see `Work.begin`.
  var begin: @Sendable () -> Bool = { true }
  /// Tells the caller how many logs have the message, if it wants to know.
  var progress: (@Sendable (Int) -> Void)?
  /// Tells the caller; called once.
  var settle: @Sendable (Result<[Receipt], StoreError>) -> Void

  var size: Int { draft.storedSize * logs.count }
}

/// A change of one inbox's marks.
struct Change: Sendable {
  /// How to tell the caller what became of a decision: nil if it was kept.
  typealias Settle = @Sendable (StoreError?) -> Void

  var inbox: Inbox
  /// False if its caller has taken it back; see `Work.begin`.
  var begin: @Sendable () -> Bool = { true }
  /// Decides by the state, which it changes unless its own body fails. Throws only `StaleView`.
  var decide: @Sendable (any StoreReader, inout InboxState) throws(StaleView) -> Settle
  /// Tells the caller that nothing was done.
  var fail: @Sendable (StoreError) -> Void
}

extension Change {
  /// A change that `body` decides and `continuation` waits for.
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
        if next.marks != state.marks {
          guard next.marks.encoded.count <= Marks.maximumSize else { throw StoreError.marksTooLarge }
          next.marks.version = state.marks.version + 1
          state = next
        }
        return { failure in
          if let failure {
            continuation.resume(throwing: failure)
          } else {
            continuation.resume(returning: value)
          }
        }
      } catch let stale as StaleView {
        throw stale
      } catch {
        // Its own failure is the answer only if what it was decided on is kept.
        return { continuation.resume(throwing: $0 ?? error) }
      }
    }
    fail = { continuation.resume(throwing: $0) }
  }
}

/// A message that is to be retracted.
struct Retract: Sendable {
  var name: MessageName
  /// False if its caller has taken it back; see `Work.begin`.
  var begin: @Sendable () -> Bool = { true }
  /// Tells the caller; called once.
  var settle: @Sendable (Result<Bool, StoreError>) -> Void
}
