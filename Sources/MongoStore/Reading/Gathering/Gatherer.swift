import Inbox
import Locks
import Mongo

/// One want of one view, which is answered once.
final class Ask: Sendable {
  enum Answer: Sendable {
    case state(InboxState, shared: Gathered.Stretch, own: Gathered.Stretch, past: Int = 0)
    case messages([MessageDocument], past: Int = 0)
    /// It can't be had together with others.
    case alone

    /// The same, read from this past.
    func of(_ past: Int) -> Answer {
      switch self {
      case .state(let state, let shared, let own, _): .state(state, shared: shared, own: own, past: past)
      case .messages(let messages, _): .messages(messages, past: past)
      case .alone: .alone
      }
    }
  }

  let want: Want
  // Held for taking the continuation out: whoever does so resumes it.
  private let waiter = Locked<Waiter>(.none)

  private enum Waiter {
    case none
    case waiting(CheckedContinuation<Answer, any Error>)
    case settled
  }

  init(_ want: Want) { self.want = want }

  /// False if it was cancelled before.
  func wait(_ continuation: CheckedContinuation<Answer, any Error>) -> Bool {
    waiter.withLock { waiter in
      guard case .none = waiter else { return false }
      waiter = .waiting(continuation)
      return true
    }
  }

  /// Answers; what comes after the first answer is dropped.
  func settle(_ answer: Result<Answer, any Error>) {
    let waiting = waiter.withLock { waiter in
      defer { waiter = .settled }
      return waiter
    }
    guard case .waiting(let continuation) = waiting else { return }
    continuation.resume(with: answer)
  }
}

/// Brings what many views ask for in few commands, on the pool's threads.
final class Gatherer: Sendable {
  private let access: Access
  // Held for an entry or for taking a group, never while the server is asked.
  private let queue = Locked(ReadQueue<Ask>())

  init(_ access: Access) { self.access = access }

  /// Brings one want; throws `StoreError`, or `CancellationError` once the task is cancelled.
  func bring(_ want: Want) async throws -> Ask.Answer {
    let ask = Ask(want)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        guard ask.wait(continuation) else { return continuation.resume(throwing: CancellationError()) }
        queue.withLock { $0.add(ask) }
        startReady()
      }
    } onCancel: {
      // Not from within the cancellation, which still looks at what a resumed task lets go of.
      Task.detached { ask.settle(.failure(CancellationError())) }
    }
  }

  private func startReady() {
    while let group = queue.withLock({ $0.take() }) {
      access.start { self.carryOut(group, $0) }
    }
  }

  /// Carries out a group, and those that waited meanwhile on the same thread.
  private func carryOut(_ first: [Ask], _ session: Result<MongoSession, any Error>) {
    var group = first
    while true {
      let answers = Result { try self.bring(group, session.get()) }
      Cork.together { for (index, ask) in group.enumerated() { ask.settle(answers.map { $0[index] }) } }
      let next = queue.withLock { queue -> [Ask]? in
        queue.done(group.count)
        // Without a server the next ones wait for one where that is bounded; and who waits for a thread goes
        // first.
        return access.pool.hasRoom ? queue.take() : nil
      }
      guard let next else { break }
      group = next
    }
    startReady()
  }

  private func bring(_ group: [Ask], _ session: MongoSession) throws -> [Ask.Answer] {
    do {
      return try access.withLayout(session) { layout in
        guard layout.server.supportsSnapshotReads else { return group.map { _ in .alone } }
        var run = GatherRun(group.map(\.want), layout, session)
        return try run.run().map { $0.of(layout.past.number) }
      }
    } catch StoreError.damaged {
      // Whose damage it is shows when each asks for itself.
      return group.map { _ in .alone }
    } catch {
      throw error is StoreError ? error : StoreError(any: error)
    }
  }
}

/// Numbers that logs are known to have reached: where to begin to look for their newest messages. A log only
/// grows, so what was seen stays true.
final class HeadHints: Sendable {
  // Held for a look or an entry.
  private let heads = Locked<[LogName: Int]>([:])
  private let capacity = 131_072

  func head(of log: LogName) -> Int? { heads.withLock { $0[log] } }

  func remember(_ head: Int, of log: LogName) {
    heads.withLock { heads in
      // Rarely full, and filled again by one short command for many logs.
      if heads.count >= capacity { heads = [:] }
      heads[log] = max(head, heads[log] ?? 0)
    }
  }

  func forget(_ log: LogName) { heads.withLock { $0[log] = nil } }
}
