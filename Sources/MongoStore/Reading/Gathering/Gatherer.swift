import Inbox
import Locks
import Mongo
import Runtime

/// An answer, and the number of the past that it is of.
typealias Brought = (answer: Answer, past: Int)

/// One want of one reader; it is answered once.
final class Ask: Sendable {
  let want: Want
  // Held for taking the continuation out: the code that takes it resumes it.
  private let waiter = Locked<Waiter>(.none)

  private enum Waiter {
    case none
    case waiting(CheckedContinuation<Brought, any Error>)
    case settled
  }

  init(_ want: Want) { self.want = want }

  /// Waits for the answer; false if the ask was already cancelled.
  func wait(_ continuation: CheckedContinuation<Brought, any Error>) -> Bool {
    waiter.withLock { waiter in
      guard case .none = waiter else { return false }
      waiter = .waiting(continuation)
      return true
    }
  }

  /// Answers the ask; later answers are ignored.
  func settle(_ answer: Result<Brought, any Error>) {
    let waiting = waiter.withLock { waiter in
      defer { waiter = .settled }
      return waiter
    }
    guard case .waiting(let continuation) = waiting else { return }
    continuation.resume(with: answer)
  }
}

/// Reads what many readers ask for in few commands, on the pool's threads.
final class Gatherer: Sendable {
  private let access: Access
  // Held for an entry or for taking a group, never while the server is asked.
  private let queue = Locked(ReadQueue<Ask>())

  init(_ access: Access) { self.access = access }

  /// Reads one want; throws `StoreError`, or `CancellationError` once the task is cancelled.
  func bring(_ want: Want) async throws -> Brought {
    let ask = Ask(want)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        guard ask.wait(continuation) else { return continuation.resume(throwing: CancellationError()) }
        queue.withLock { $0.add(ask) }
        startReady()
      }
    } onCancel: {
      // Not called from within the cancellation, which still accesses what a resumed task releases.
      Task.detached { ask.settle(.failure(CancellationError())) }
    }
  }

  private func startReady() {
    while let group = queue.withLock({ $0.take() }) {
      access.start { self.carryOut(group, $0) }
    }
  }

  /// Carries out a group and, on the same thread, the asks that have waited meanwhile.
  private func carryOut(_ first: [Ask], _ session: Result<MongoSession, any Error>) {
    var group = first
    while true {
      let answers = Result { try self.bring(group, session.get()) }
      Cork.together { for (index, ask) in group.enumerated() { ask.settle(answers.map { $0[index] }) } }
      let next = queue.withLock { queue -> [Ask]? in
        queue.done(group.count)
        // Without a server, the next asks wait for one in the pool, where the wait is bounded; and work that
        // waits for a thread goes first.
        return access.pool.hasRoom ? queue.take() : nil
      }
      guard let next else { break }
      group = next
    }
    startReady()
  }

  private func bring(_ group: [Ask], _ session: MongoSession) throws -> [Brought] {
    do {
      return try access.withLayout(session) { layout in
        var run = ReadRun(group.map(\.want), Source(session, layout))
        return try run.run().map { ($0, layout.past.number) }
      }
    } catch StoreError.damaged {
      // Each asks alone, which shows whose data is damaged.
      return group.map { _ in (.alone, 0) }
    } catch {
      throw error is StoreError ? error : StoreError(any: error)
    }
  }
}
