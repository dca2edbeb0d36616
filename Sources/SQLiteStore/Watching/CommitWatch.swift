import Inbox
import LibC
import Locks
import Runtime

/// Tells those who watch a store what is committed to its file: by the store itself, at once, and by others, whom a
/// thread follows while somebody watches.
final class CommitWatch: Sendable {
  private let listeners = Listeners<Wake>()
  private let path: FilePath
  /// Keeps the lock file open.
  private let turnstile: Turnstile
  private let header: LogHeader.Source
  /// A look at it takes a few reads of memory that the system has.
  private let news = Locked(CommitNews())
  private let following = Monitor(Following())

  private struct Following: Sendable {
    var watches = 0
    /// The bell of the thread that follows the file; nil if there is none.
    var bell: FileBell?
    /// The threads that have not ended yet.
    var threads = 0
    var isClosed = false
  }

  /// The longest time between two looks: nobody tells of what another program commits, or of what was committed by a
  /// process that was killed then.
  private static let interval = Duration.seconds(1)

  /// The time after a look in which what comes waits for the next one: commits without a pause, the store's own
  /// among them, don't keep the thread awake.
  private static let rest = Duration.milliseconds(1)

  /// `header` must be readable until `waitUntilOver` has returned.
  init(_ path: FilePath, _ turnstile: Turnstile, _ header: LogHeader.Source) {
    self.path = path
    self.turnstile = turnstile
    self.header = header
  }

  /// See `MessageStore.watch`. Waits for nothing.
  func watch(_ listener: @escaping @Sendable (Wake) -> Void) -> Watch {
    let remove = listeners.add(listener)
    following.withLock { following in
      following.watches += 1
      follow(&following, after: header.now?.commits)
    }
    let isEnded = Locked(false)
    return Watch { [weak self] in
      remove()
      let wasEnded = isEnded.withLock { isEnded in
        defer { isEnded = true }
        return isEnded
      }
      if !wasEnded { self?.endWatch() }
    }
  }

  private func endWatch() {
    following.withLock { following in
      following.watches -= 1
      if following.watches == 0 { stop(&following) }
    }
  }

  /// Must be called once in a while: if the system had no thread to give, there may be one now.
  func keepFollowing() { following.withLock { follow(&$0, after: nil) } }

  /// Ends the following of others.
  func close() {
    following.withLock { following in
      following.isClosed = true
      stop(&following)
    }
  }

  /// Blocks until no thread follows the file, after `close`.
  func waitUntilOver() { following.wait { $0.threads == 0 ? () : nil } }
}

// The store's own commits.
extension CommitWatch {
  /// Tells of a commit that may have changed logs, in the turn in which it was made. `pages` is the length of
  /// the write-ahead log after it; nil if it is not known whether it was made.
  func tell(pages: Int?, of changes: () -> Wake) {
    let (isHeard, isWatched) = (!listeners.isEmpty, isWatchedByOthers)
    guard isHeard || isWatched else { return }
    let wake = changes()
    // If another program has committed since, whose commit has which number is not known: others will find it
    // missing.
    if let pages, let header = header.now, header.lastPage == pages {
      if isHeard { news.withLock { $0.add(own: header.commits) } }
      if isWatched { write(CommitRing.pieces(CommitRing.Entry(wake), of: header.commits)) }
    }
    guard isHeard else { return }
    listeners.tell(wake)
    keepFollowing()
  }

  private var isWatchedByOthers: Bool {
    // Where that can't be known, they are told.
    do { return try turnstile.lock.isLocked(CommitRing.watched..<CommitRing.watched + 1) } catch {
      return true
    }
  }

  private func write(_ pieces: [CommitRing.Piece]) {
    for piece in pieces {
      // What can't be written, for the disk is full, is a hint the less: others look once a second.
      _ = piece.words.withUnsafeBytes {
        pwrite(turnstile.lock.descriptor, $0.baseAddress, $0.count, off_t(piece.offset))
      }
    }
  }
}

// Others' commits.
extension CommitWatch {
  /// Starts to follow what is committed after this one (nil: what is new is not known), if somebody watches.
  private func follow(_ following: inout Following, after commit: @autoclosure () -> UInt32?) {
    guard following.bell == nil, following.watches > 0, !following.isClosed else { return }
    // In this order: what others commit from now on they tell, and the bell rings.
    let bell = FileBell(path)
    beginWatching()
    let commit = commit()
    news.withLock { $0 = CommitNews(after: commit) }
    guard SystemThread.start(named: "tidings-watch", { [self] in run(bell) }) else {
      endWatching()
      return
    }
    following.bell = bell
    following.threads += 1
  }

  private func stop(_ following: inout Following) {
    guard let bell = following.bell else { return }
    following.bell = nil
    endWatching()
    bell.end()
  }

  /// Tells other processes that somebody watches.
  private func beginWatching() {
    // What nobody has watched for a while may be of another count of commits.
    if !isWatchedByOthers { clear() }
    // Without the lock others don't tell, and are found out once a second.
    do { _ = try turnstile.lock.lock(CommitRing.watched, .shared) } catch {}
  }

  private func endWatching() { turnstile.lock.unlock(CommitRing.watched..<CommitRing.watched + 1) }

  /// Removes all entries. Whoever misses one looks at everything.
  private func clear() { _ = ftruncate(turnstile.lock.descriptor, 0) }

  private func run(_ bell: FileBell) {
    var pause = Duration.zero
    while bell.wait(atMost: pause) {
      let look = news.withLock { $0.look(at: header.now?.commits, now: .now, read) }
      if look.isRestart { clear() }
      if let wake = look.wake { listeners.tell(wake) }
      SystemThread.block(Self.rest)
      pause = look.again.map { max($0 - .now, .zero) } ?? Self.interval
    }
    following.updateForAll { $0.threads -= 1 }
  }

  /// Words of the lock file; fewer where it ends.
  private func read(_ offset: Int, _ words: Int) -> [UInt64] {
    [UInt64](unsafeUninitializedCapacity: words) { buffer, count in
      count = max(pread(turnstile.lock.descriptor, buffer.baseAddress, words * 8, off_t(offset)), 0) / 8
    }
  }
}
