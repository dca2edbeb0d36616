import Inbox
import Locks

/// Commits groups of waiting changes, each group in one transaction and with one flush to the disk.
struct GroupCommit {
  private let connection: Connection
  private let turnstile: Turnstile
  private let files: StoreFiles
  private let patience: Duration
  private var folding: Folding
  /// The log after the last commit of a group.
  private var log: FileStatus?

  /// `patience` is how long a group waits for other processes.
  init(
    _ connection: Connection, _ turnstile: Turnstile, _ files: StoreFiles, patience: Duration, logLimit: Int
  ) {
    self.connection = connection
    self.turnstile = turnstile
    self.files = files
    self.patience = patience
    folding = Folding(connection.database, turnstile, files, logLimit: logLimit)
  }

  /// How long one transaction goes on taking up changes: what is left comes in the next one, and other processes
  /// get their turn between them.
  static let slice = Duration.milliseconds(250)

  /// Makes the changes and tells their callers.
  mutating func commit(_ group: [Write]) {
    var left = group
    while !left.isEmpty { left = commitSome(left) }
  }

  /// Makes as many of the changes as one turn has time for; returns the rest.
  private mutating func commitSome(_ group: [Write]) -> [Write] {
    var backoff = Backoff(patience)
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
        // One of them may be what can't be written: it must not take the others with it.
        for write in group {
          var (alone, none) = ([write], [Write]())
          if let failure = attempt(&alone, &none, &backoff) { write.fail(failure) }
        }
      }
    }
    if let log { folding.afterCommit(log) }
    return left
  }

  /// To be called once a second while nothing waits.
  mutating func whileIdle() { folding.whileIdle() }

  /// To be called before the connection is closed.
  func atEnd() {
    var backoff = Backoff(patience)
    folding.atEnd(&backoff)
  }

  /// Makes the changes in one transaction; those that were taken back meanwhile leave the group, and those for
  /// which there is no time move to `left`. Returns the failure of one that could not be written: then all of the
  /// group were undone, and their callers don't know yet.
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
    var settle: [(StoreError?) -> Void] = []
    settle.reserveCapacity(group.count)
    do throws(StoreError) {
      let end = ContinuousClock.now + Self.slice
      for (index, write) in group.enumerated() {
        if index > 0, .now >= end {
          left = Array(group[index...])
          group.removeLast(left.count)
          break
        }
        settle.append(try write.perform(connection))
        guard connection.isInTransaction else { throw StoreError.undone }
      }
    } catch {
      connection.rollback()
      return error
    }
    let failure = connection.commit() ?? lost()
    Cork.together { for settle in settle { settle(failure) } }
    return nil
  }
}

extension GroupCommit {
  /// Why what was just committed may not last: nil if it lies in the files that others will read.
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
  /// SQLite ended a transaction by itself, after a failure that one of its reads met.
  fileprivate static let undone = StoreError.unavailable("the database gave up the transaction")
}
