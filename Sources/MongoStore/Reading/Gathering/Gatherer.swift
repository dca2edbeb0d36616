import Inbox
import Locks
import Mongo
import Runtime

/// One want of one view, in the queue. It is answered once, unless its caller takes it back first.
struct Ask: Sendable {
  enum Answer: Sendable {
    case state(InboxState, shared: Gathered.Stretch, own: Gathered.Stretch, past: Int = 0)
    case messages([MessageDocument], past: Int = 0)
    /// The data can't be read together with that of others.
    case alone

    /// The same answer, read from this past.
    func of(_ past: Int) -> Answer {
      switch self {
      case .state(let state, let shared, let own, _): .state(state, shared: shared, own: own, past: past)
      case .messages(let messages, _): .messages(messages, past: past)
      case .alone: .alone
      }
    }
  }

  let want: Want
  let work: QueuedWork
  let continuation: CheckedContinuation<Answer, any Error>

  /// Answers the ask. It may be taken back until now: what was read for it is dropped then.
  func settle(_ answer: Result<Answer, any Error>) {
    if work.begin() { continuation.resume(with: answer) }
  }
}

/// Reads what many views ask for in few commands, on the pool's threads.
final class Gatherer: Sendable {
  private let access: Access
  // Held for an entry or for taking a group, never while the server is asked.
  private let queue = Locked(ReadQueue<Ask>())

  init(_ access: Access) { self.access = access }

  /// Reads one want; throws `StoreError`, or `CancellationError` once the task is cancelled.
  func bring(_ want: Want) async throws -> Ask.Answer {
    try await withQueuedWork { work, continuation in
      queue.withLock { $0.add(Ask(want: want, work: work, continuation: continuation)) }
      startReady()
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

  private func bring(_ group: [Ask], _ session: MongoSession) throws -> [Ask.Answer] {
    do {
      return try access.withLayout(session) { layout in
        guard layout.server.supportsSnapshotReads else { return group.map { _ in .alone } }
        var run = GatherRun(group.map(\.want), layout, session)
        return try run.run().map { $0.of(layout.past.number) }
      }
    } catch StoreError.damaged {
      // Each asks alone, which shows whose data is damaged.
      return group.map { _ in .alone }
    } catch {
      throw error is StoreError ? error : StoreError(any: error)
    }
  }
}

/// Numbers that logs are known to have reached: the search for their newest messages starts there. A log only
/// grows, so such numbers stay true.
final class HeadHints: Sendable {
  // Held for a look or an entry.
  private let heads = Locked<[LogName: Int]>([:])
  private let capacity = 131_072

  func head(of log: LogName) -> Int? { heads.withLock { $0[log] } }

  func remember(_ head: Int, of log: LogName) {
    heads.withLock { heads in
      // The cache is rarely full, and one short command for many logs fills it again.
      if heads.count >= capacity { heads = [:] }
      heads[log] = max(head, heads[log] ?? 0)
    }
  }

  func forget(_ log: LogName) { heads.withLock { $0[log] = nil } }
}
