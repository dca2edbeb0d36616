import Inbox
import Locks
import Mongo
import Runtime

/// An answer, and the number of the past that it is of.
typealias Brought = (answer: Answer, past: Int)

/// One want of one reader, in the queue. It is answered once, unless its caller takes it back first.
struct Ask: Sendable {
  let want: Want
  let work: QueuedWork
  /// Gets the answer, on one of the pool's threads. It must not block.
  let done: @Sendable (Result<Brought, any Error>) -> Void

  /// Answers the ask. It may be taken back until now: what was read for it is dropped then.
  func settle(_ answer: Result<Brought, any Error>) {
    if work.begin() { done(answer) }
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
    try await withQueuedWork { work, continuation in
      bring(Ask(want: want, work: work) { continuation.resume(with: $0) })
    }
  }

  /// Reads one want, without a task.
  func bring(_ ask: Ask) {
    queue.withLock { $0.add(ask) }
    startReady()
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
      let answers = Result { try self.bring(group, session) }
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

  /// Throws nothing but `StoreError`: a read without a task has nobody else who would make one of it.
  private func bring(_ group: [Ask], _ session: Result<MongoSession, any Error>) throws -> [Brought] {
    do {
      let session = try session.get()
      return try access.withLayout(session) { layout in
        try self.answers(to: group.map(\.want), Source(session, layout)).map { ($0, layout.past.number) }
      }
    } catch StoreError.damaged {
      // Each asks alone, which shows whose data is damaged.
      return group.map { _ in (.alone, 0) }
    } catch {
      throw error is StoreError ? error : StoreError(any: error)
    }
  }

  /// What was read last, where it still holds, and the rest in as few commands as it takes.
  private func answers(to wants: [Want], _ source: Source) throws -> [Answer] {
    let past = source.past.inboxes
    let inboxes = wants.map(\.inbox)
    var answers = [Answer?](repeating: nil, count: wants.count)
    if source.hasSnapshots, past.isWorthAsking(for: inboxes) {
      let kept = past.look(inboxes, at: try source.commitPoint())
      answers = kept.map { $0.map { .inboxes([FoundInbox($0)]) } }
    }
    let rest = wants.indices.filter { answers[$0] == nil }
    guard !rest.isEmpty else { return answers.compactMap(\.self) }
    let process = past.process
    var run = ReadRun(rest.map { wants[$0] }, source)
    let found = try run.run()
    if let process, let moment = run.moment {
      let single = zip(rest, found).compactMap { index, answer -> KeptInbox? in
        guard inboxes[index] != nil, case .inboxes(let found) = answer else { return nil }
        return found.first?.kept
      }
      past.keep(single, MongoCommitPoint(process: process, time: moment))
    }
    for (index, answer) in zip(rest, found) { answers[index] = answer }
    return answers.compactMap(\.self)
  }
}
