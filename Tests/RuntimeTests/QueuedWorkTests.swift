import Locks
import Runtime
import Testing

@Suite("Queued work")
struct QueuedWorkTests {
  /// Queues work for a task of its own, and waits until it is in the queue.
  private func queue(
    onTakingBack: @escaping @Sendable (QueuedWork) -> Void = { _ in }
  ) async -> (Task<Int, any Error>, QueuedWork, CheckedContinuation<Int, any Error>) {
    let (queued, queue) = AsyncStream<(QueuedWork, CheckedContinuation<Int, any Error>)>.makeStream()
    let task = Task {
      try await withQueuedWork {
        queue.yield(($0, $1))
      } onTakingBack: {
        onTakingBack($0)
      }
    }
    for await (work, continuation) in queued { return (task, work, continuation) }
    preconditionFailure("the work is queued")
  }

  @Test("work that has not begun is taken back: its caller knows, and nobody begins it")
  func takenBack() async {
    let told = Locked(0)
    let (task, work, _) = await queue { work in
      #expect(!work.begin())
      told.withLock { $0 += 1 }
    }
    #expect(!work.isCancelled)
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(!work.begin() && work.isCancelled)
    #expect(told.withLock { $0 } == 1)
  }

  @Test("work that has begun decides the result, and knows of the cancellation")
  func begun() async throws {
    let (task, work, continuation) = await queue { _ in #expect(Bool(false), "it has begun") }
    #expect(work.begin() && work.begin())
    task.cancel()
    #expect(work.isCancelled && work.begin())
    continuation.resume(returning: 1)
    #expect(try await task.value == 1)
  }

  @Test("work of a task that is cancelled already never comes into the queue")
  func cancelledBefore() async {
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await withQueuedWork { (_, _: CheckedContinuation<Int, any Error>) in
        #expect(Bool(false), "it is queued")
      }
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test("work that nobody waits for can't be taken back")
  func alone() {
    let work = QueuedWork()
    #expect(work.begin() && !work.isCancelled)
  }
}
