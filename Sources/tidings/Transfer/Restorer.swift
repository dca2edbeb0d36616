import Inbox
import Locks
import Runtime

/// Restores portion after portion into a store. What the store refuses is told, and its log is left out from then on.
actor Restorer {
  /// The error after something was refused, unless that is skipped.
  struct Refused: Error {}

  private let store: any MessageStore
  private let skipsBad: Bool
  private var dryRun: DryRun?
  /// The logs and inboxes of which something was refused.
  private var refused: Set<UInt64> = []
  /// What was new so far; in a dry run what would be.
  private(set) var counts = Restored.Counts()
  /// The items that were left out.
  private(set) var skipped = 0

  /// The pauses before further attempts, while the store can't be reached or does not know what it wrote.
  private static let pauses: [Duration] = [1, 2, 4, 8, 15].map { .seconds($0) }

  init(_ store: any MessageStore, skipsBad: Bool, isDry: Bool) {
    self.store = store
    self.skipsBad = skipsBad
    if isDry { dryRun = DryRun() }
  }

  /// Restores some items, and tells each refusal. Throws `Refused` after the first one unless they are skipped or nothing
  /// is written anyway.
  func restore(_ items: [Restored], onRefusal: @Sendable (Unfit) -> Void) async throws {
    var items = items
    while true {
      items = items.filter { item in
        guard refused.contains(item.place) else { return true }
        skipped += item.weight
        return false
      }
      guard !items.isEmpty else { return }
      do {
        let new = try await attempt(items)
        counts.messages += new.messages
        counts.records += new.records
        counts.marks += new.marks
        return
      } catch StoreError.unfit(let unfit) {
        onRefusal(unfit)
        refused.insert(unfit.log.fingerprint)
        guard skipsBad || dryRun != nil else { throw Refused() }
      }
    }
  }

  private func attempt(_ items: [Restored]) async throws -> Restored.Counts {
    if dryRun != nil {
      let change = try await change(items)
      dryRun?.apply(change)
      return change.counts
    }
    for pause in Self.pauses {
      do {
        return try await store.restore(items)
      } catch StoreError.unavailable, StoreError.outcomeUnknown {
        try await Task.sleep(for: pause)
      }
    }
    return try await store.restore(items)
  }

  /// What a portion would change. The state so far is not held here any more when it is changed, so it is never copied.
  private func change(_ items: [Restored]) async throws -> DryRun.Change {
    let state = dryRun ?? DryRun()
    return try await store.read { try state.change(items, $0) }
  }
}

extension Restored {
  /// The log, or the own log of the inbox whose marks these are, as a number.
  fileprivate var place: UInt64 {
    switch self {
    case .entries(let log, _, _), .record(let log, _): log.fingerprint
    case .marks(let inbox, _): inbox.own.fingerprint
    }
  }

  /// The number of messages, records or marks.
  fileprivate var weight: Int { if case .entries(_, let entries, _) = self { entries.count } else { 1 } }
}
