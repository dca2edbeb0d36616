import Foundation
import GRDB
import Inbox
import Locks

/// The threads of a store: one writes, the others read, each with a connection of its own. Blocking calls
/// happen only here, never on Swift's cooperative pool.
final class StoreThreads: Sendable {
  /// A read that waits: gets a view of the database, or why there is none.
  typealias Read = @Sendable (Result<Connection, StoreError>) -> Void

  /// How many reads share one view of the database at most.
  private static let readsTogether = 16
  /// How many changes share one transaction at most, and about how many bytes.
  private static let writesTogether = 1000
  private static let bytesTogether = 8 << 20

  private let reads = Monitor(WorkQueue<Read>())
  private let writes = Monitor(WorkQueue<Write>())
  private let ending: Monitor<Ending>
  private let patience: Duration
  private let identity: FileIdentity

  private struct Ending: Sendable {
    var readers: Int
    var failure: StoreError?
    var isOver = false
    var waiting: [CheckedContinuation<Void, any Error>] = []
  }

  /// Starts the threads, which take over the connections.
  init(_ opened: OpenDatabase, patience: Duration) {
    self.patience = patience
    identity = opened.identity
    ending = Monitor(Ending(readers: opened.readers.count))
    for (index, reader) in opened.readers.enumerated() {
      start("read \(index)") { [self, count = opened.readers.count] in read(reader, of: count) }
    }
    start("write") { [self] in write(opened.writer, opened.turnstile) }
  }

  private func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread(block: body)
    thread.name = "sqlite \(name)"
    thread.start()
  }

  /// Queues a read; false after `close`.
  func add(_ read: @escaping Read) -> Bool { reads.update { $0.add(read) } }

  /// Queues a change; false after `close`.
  func add(_ write: Write) -> Bool { writes.update { $0.add(write) } }

  /// Takes no more work; the threads end when what waits is done.
  func close() {
    reads.updateForAll { $0.close() }
    writes.updateForAll { $0.close() }
  }

  /// Resumes when all connections are closed.
  func whenOver(_ continuation: CheckedContinuation<Void, any Error>) {
    let failure: StoreError?? = ending.update {
      if $0.isOver { return .some($0.failure) }
      $0.waiting.append(continuation)
      return nil
    }
    if let failure { resume(continuation, failure) }
  }

  private func resume(_ continuation: CheckedContinuation<Void, any Error>, _ failure: StoreError?) {
    if let failure { continuation.resume(throwing: failure) } else { continuation.resume() }
  }
}

// What the threads run.
extension StoreThreads {
  private func read(_ queue: DatabaseQueue, of readers: Int) {
    queue.inDatabase { database in
      let connection = Connection(database)
      while true {
        let next = reads.wait { queue in
          queue.take { min(Self.readsTogether, ($0 + readers - 1) / readers) }
        }
        guard case .work(let reads) = next else { return }
        serve(reads, connection)
      }
    }
    let failure = close(queue)
    ending.update {
      $0.readers -= 1
      $0.failure = $0.failure ?? failure
    }
  }

  /// Runs the reads in one view of the database, opened after they were queued: each sees everything that
  /// was acknowledged before.
  private func serve(_ reads: [Read], _ connection: Connection) {
    var backoff = Backoff(patience)
    do {
      try identity.check()
      try connection.beginRead(&backoff)
    } catch {
      for read in reads { read(.failure(error)) }
      return
    }
    for read in reads { read(.success(connection)) }
    // Nothing was written: there is nothing to lose.
    _ = connection.commit()
  }

  private func write(_ queue: DatabaseQueue, _ turnstile: Turnstile) {
    queue.inDatabase { database in
      var group = GroupCommit(Connection(database), turnstile, identity, patience: patience)
      while case .work(let writes) = writes.wait(for: { queue in
        queue.take({ min(Self.writesTogether, $0) }, size: Self.bytesTogether, of: \.size)
      }) {
        group.commit(writes)
      }
    }
    ending.wait { $0.readers == 0 ? () : nil }
    let failure = closeLast(queue, turnstile)
    let (waiting, first) = ending.update { ending in
      ending.isOver = true
      ending.failure = ending.failure ?? failure
      defer { ending.waiting = [] }
      return (ending.waiting, ending.failure)
    }
    for continuation in waiting { resume(continuation, first) }
  }

  /// Closes the last connection, which moves the write-ahead log into the database: in the turnstile.
  private func closeLast(_ queue: DatabaseQueue, _ turnstile: Turnstile) -> StoreError? {
    var backoff = Backoff(patience)
    do {
      try turnstile.enter(&backoff)
    } catch {
      // The log stays beside the database and is read when it is opened next.
      return close(queue) ?? error
    }
    defer { turnstile.leave() }
    return close(queue)
  }

  private func close(_ queue: DatabaseQueue) -> StoreError? {
    do {
      try queue.close()
      return nil
    } catch {
      return .unavailable("a connection to the database could not be closed: \(error)")
    }
  }
}
