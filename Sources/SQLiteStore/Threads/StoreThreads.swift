import Caches
import Inbox
import Locks
import Runtime

/// The threads of a store: one writes, the others read, each with its own connection. Calls block only here,
/// never on Swift's cooperative pool.
final class StoreThreads: Sendable {
  /// A queued read: it gets a view of the database, or the error if there is none.
  typealias Read = @Sendable (Result<Connection, StoreError>) -> Void

  /// The most reads that share one view of the database.
  private static let readsTogether = 16
  /// The most changes that share one transaction, and the approximate most bytes.
  private static let writesTogether = 1000
  private static let bytesTogether = 8 << 20
  /// The time without a change after which the writer checks whether to fold the log: other processes may
  /// have written it and ended. A check is one system call for each file, which costs some microseconds a
  /// second.
  private static let quiet = Duration.seconds(1)

  private let reads = Monitor(WorkQueue<Read>())
  private let writes = Monitor(WorkQueue<Write>())
  private let ending: Monitor<Ending>
  private let clock: SteadyClock
  private let sent = MatchIndex(capacity: 65_536)
  private let patience: Duration
  private let files: StoreFiles
  private let commits: CommitWatch

  private struct Ending: Sendable {
    var readers: Int
    var failure: StoreError?
    var isOver = false
    var waiting: [CheckedContinuation<Void, any Error>] = []
  }

  /// Starts the threads, which take over the connections. Throws if the system has no thread to give; then
  /// none of them is left.
  init(
    _ opened: OpenDatabase, _ clock: SteadyClock, patience: Duration, logLimit: Int
  ) throws(SQLiteOpenError) {
    self.clock = clock
    self.patience = patience
    files = opened.files
    guard let header = LogHeader.Source(opened.writer) else {
      throw SQLiteOpenError(opened.file.path, .failed("its file system has no shared memory for SQLite"))
    }
    commits = CommitWatch(opened.file.lockPath, opened.turnstile, header)
    ending = Monitor(Ending(readers: 0))
    // The readers are started first: the writer's end is the end of all.
    for reader in opened.readers {
      ending.update { $0.readers += 1 }
      guard SystemThread.start({ [self, count = opened.readers.count] in read(reader, of: count) })
      else {
        ending.update { $0.readers -= 1 }
        throw abandoned(opened.file.path)
      }
    }
    let isStarted = SystemThread.start { [self] in write(opened, logLimit: logLimit) }
    if !isStarted { throw abandoned(opened.file.path) }
  }

  /// Ends the threads that were started, and returns the error.
  private func abandoned(_ path: FilePath) -> SQLiteOpenError {
    close()
    ending.wait { $0.readers == 0 ? () : nil }
    return SQLiteOpenError(path, .failed("the system has no thread to give: raise its limit (ulimit -u)"))
  }

  /// Queues a read; false after `close`.
  func add(_ read: @escaping Read) -> Bool { reads.update { $0.add(read) } }

  /// Queues a change; false after `close`.
  func add(_ write: Write) -> Bool { writes.update { $0.add(write) } }

  /// Accepts no more work; the threads end when the waiting work is done.
  func close() {
    reads.updateForAll { $0.close() }
    writes.updateForAll { $0.close() }
    commits.close()
  }

  /// See `MessageStore.watch`.
  func watch(_ listener: @escaping @Sendable (Wake) -> Void) -> Watch { commits.watch(listener) }

  /// Resumes the continuation when all connections are closed.
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

// The bodies of the threads.
extension StoreThreads {
  private func read(_ database: Database, of readers: Int) {
    let connection = Connection(reading: database, clock, sent: sent, patience: patience)
    while case .work(let reads) = reads.wait(for: { queue in
      queue.take { min(Self.readsTogether, ($0 + readers - 1) / readers) }
    }) {
      serve(reads, connection)
    }
    let failure = connection.close()
    ending.update {
      $0.readers -= 1
      $0.failure = $0.failure ?? failure
    }
  }

  /// Runs the reads in one view of the database. It is opened after they were queued, so each read sees
  /// everything that was acknowledged before it.
  private func serve(_ reads: [Read], _ connection: Connection) {
    do {
      try files.checkNowAndThen()
      try connection.openView()
    } catch {
      for read in reads { read(.failure(error)) }
      return
    }
    for read in reads { read(.success(connection)) }
    connection.closeView()
  }

  private func write(_ opened: OpenDatabase, logLimit: Int) {
    let connection = Connection(writing: opened.writer, clock)
    var group = GroupCommit(
      connection, opened.turnstile, files, commits, patience: patience, logLimit: logLimit)
    working: while true {
      let next = writes.wait(atMost: Self.quiet) { queue in
        queue.take({ min(Self.writesTogether, $0) }, size: Self.bytesTogether, of: \.size)
      }
      switch next {
      case .work(let writes): group.commit(writes)
      case .end: break working
      case nil: group.whileIdle()
      }
    }
    ending.wait { $0.readers == 0 ? () : nil }
    commits.waitUntilOver()
    group.atEnd()
    let failure = connection.close()
    opened.release()
    let (waiting, first) = ending.update { ending in
      ending.isOver = true
      ending.failure = ending.failure ?? failure
      defer { ending.waiting = [] }
      return (ending.waiting, ending.failure)
    }
    for continuation in waiting { resume(continuation, first) }
  }
}
