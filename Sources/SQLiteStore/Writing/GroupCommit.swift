import Inbox
import Locks
import Runtime

/// Commits groups of waiting changes, each group in one transaction and with one flush to the disk.
struct GroupCommit {
  private let connection: Connection
  private let turnstile: Turnstile
  private let files: StoreFiles
  private let commits: CommitWatch
  private let patience: Duration
  private var folding: Folding
  /// The status of the write-ahead log after the last commit of a group.
  private var log: FileStatus?

  /// `patience` is the time that a group waits for other processes.
  init(
    _ connection: Connection, _ turnstile: Turnstile, _ files: StoreFiles, _ commits: CommitWatch,
    patience: Duration, logLimit: Int
  ) {
    self.connection = connection
    self.turnstile = turnstile
    self.files = files
    self.commits = commits
    self.patience = patience
    folding = Folding(connection.database, turnstile, files, logLimit: logLimit)
  }

  /// The time for which one transaction takes further changes: the rest come in the next one, and other
  /// processes get their turn in between.
  static let slice = Duration.milliseconds(250)

  /// Makes the changes and tells their callers the results.
  mutating func commit(_ group: [Write]) {
    var left = group
    while !left.isEmpty { left = commitSome(left) }
  }

  /// Makes as many of the changes as one turn has time for; returns the rest.
  private mutating func commitSome(_ group: [Write]) -> [Write] {
    var backoff = Backoff(patience, .local)
    do {
      try turnstile.enter(&backoff)
    } catch {
      for write in group where write.begin() { write.fail(error) }
      return []
    }
    defer { turnstile.leave() }
    do {
      try folding.makeRoom(try files.check())
    } catch {
      folding.save()
      for write in group where write.begin() { write.fail(error) }
      return []
    }
    log = nil
    var (group, left) = (group, [Write]())
    if let failure = attempt(&group, &left, &backoff) {
      if group.count == 1 {
        group[0].fail(failure)
      } else {
        // One of the changes may be impossible to write: it must not make the others fail.
        for write in group {
          var (alone, none) = ([write], [Write]())
          if let failure = attempt(&alone, &none, &backoff) { write.fail(failure) }
        }
      }
    }
    if let log { folding.afterCommit(log) }
    return left
  }

  /// Must be called once a second while nothing waits.
  mutating func whileIdle() {
    folding.whileIdle()
    commits.keepFollowing()
  }

  /// Must be called before the connection is closed.
  func atEnd() {
    var backoff = Backoff(patience, .local)
    folding.atEnd(&backoff)
  }

  /// Makes the changes in one transaction. Changes that were taken back meanwhile leave the group, and those
  /// for which there is no time move to `left`. If a change could not be written, returns its failure: then
  /// the whole group was rolled back, and the callers have not been told yet.
  private mutating func attempt(
    _ group: inout [Write], _ left: inout [Write], _ backoff: inout Backoff
  ) -> StoreError? {
    do {
      try connection.beginImmediate(&backoff)
    } catch {
      for write in group where write.begin() { write.fail(error) }
      return nil
    }
    group.removeAll { !$0.begin() }
    guard !group.isEmpty else {
      connection.rollback()
      return nil
    }
    var performed: [Write.Performed] = []
    performed.reserveCapacity(group.count)
    do throws(StoreError) {
      // Nobody asks for the time of one that is alone.
      let end = group.count > 1 ? ContinuousClock.now + Self.slice : nil
      for (index, write) in group.enumerated() {
        if index > 0, let end, .now >= end {
          left = Array(group[index...])
          group.removeLast(left.count)
          break
        }
        performed.append(try write.perform(connection))
        guard connection.isInTransaction else { throw StoreError.undone }
      }
    } catch {
      connection.rollback()
      return error
    }
    let failure = connection.commit() ?? lost()
    if failure?.leavesOutcomeOpen ?? true { tell(of: group, performed, isCommitted: failure == nil) }
    Cork.together { for change in performed { change.settle(failure) } }
    return nil
  }

  /// Wakes those who watch, before the callers go on.
  private func tell(of group: [Write], _ performed: [Write.Performed], isCommitted: Bool) {
    guard performed.contains(where: \.hasWritten) else { return }
    commits.tell(pages: isCommitted ? connection.database.pagesInLog : nil) {
      var logs: Set<UInt64> = []
      for (write, change) in zip(group, performed) where change.hasWritten {
        switch write.logs {
        case .log(let name): logs.insert(name.fingerprint)
        case .logs(let names): for name in names { logs.insert(name.fingerprint) }
        case .any: return .everything
        }
      }
      return .logs(Array(logs))
    }
  }
}

extension GroupCommit {
  /// The reason why the last commit may be lost; nil if it is in the files that others will read.
  private mutating func lost() -> StoreError? {
    do {
      log = try files.check()
      return nil
    } catch {
      log = nil
      folding.save()
      if case .unavailable(let why) = error { return .outcomeUnknown(why) }
      return error
    }
  }
}

extension StoreError {
  /// SQLite ended the transaction by itself, after a failure in one of its reads.
  fileprivate static let undone = StoreError.unavailable("the database gave up the transaction")

  /// Whether the changes may have been made.
  fileprivate var leavesOutcomeOpen: Bool { if case .outcomeUnknown = self { true } else { false } }
}
