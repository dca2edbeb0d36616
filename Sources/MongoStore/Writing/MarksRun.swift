import Inbox
import Locks
import Mongo
import Runtime

/// Carries out a group of changes of marks on one of the pool's threads: all changes that wait for one inbox
/// become one write.
struct MarksRun {
  private let session: MongoSession
  private var layout: Layout
  private let feed: ChangeFeed
  private var backoff: Backoff
  private var open: [Inbox: [MarksWrite]] = [:]
  private var order: [Inbox] = []

  /// The decisions of one inbox's changes.
  private struct Decided {
    var inbox: Inbox
    var settle: [MarksWrite.Settle]
    var replacement: CompareAndSet.Replacement?
  }

  init(_ changes: [MarksWrite], _ tools: Tools, _ layout: Layout, _ session: MongoSession) {
    self.session = session
    self.layout = layout
    feed = tools.feed
    backoff = Backoff(tools.patience, .remote)
    for change in changes {
      if open[change.inbox] == nil { order.append(change.inbox) }
      open[change.inbox, default: []].append(change)
    }
  }

  /// Tells every caller the result. Blocks, for about the store's patience at most.
  mutating func run() {
    while !open.isEmpty {
      let decided: [Decided]
      do {
        decided = try decide()
      } catch is StaleView {
        // The past may be over; of a new one nothing is known.
        layout.past = Past(layout.past.number)
        if !backoff.pause() { fail(.contended) }
        continue
      } catch StoreError.damaged where open.count > 1 {
        // Each inbox is read alone, which shows whose data is damaged.
        return runAlone()
      } catch {
        fail(error as? StoreError ?? .damaged("\(error)"))
        return
      }
      let toWrite = decided.filter { $0.replacement != nil }
      Cork.together {
        for unchanged in decided where unchanged.replacement == nil { settle(unchanged, nil) }
      }
      guard !toWrite.isEmpty else { continue }
      let outcomes = CompareAndSet(
        collection: .marks, layout: layout, session: session, feed: feed
      ).write(toWrite.compactMap(\.replacement), &backoff)
      var isContended = false
      Cork.together {
        for (decided, outcome) in zip(toWrite, outcomes) {
          switch outcome {
          case .written: settle(decided, nil)
          case .unknown: settle(decided, .notConfirmed)
          case .elsewhere: settle(decided, .notConfirmedHere)
          case .failed(let error): settle(decided, error)
          case .lost: isContended = true
          }
        }
      }
      if isContended, !backoff.pause() { fail(.contended) }
    }
  }

  /// Carries out the remaining changes, one inbox at a time.
  private mutating func runAlone() {
    for inbox in order {
      guard let changes = open.removeValue(forKey: inbox) else { continue }
      var alone = self
      alone.open = [inbox: changes]
      alone.run()
    }
  }

  private mutating func settle(_ decided: Decided, _ failure: StoreError?) {
    open[decided.inbox] = nil
    for settle in decided.settle { settle(failure) }
  }

  private mutating func fail(_ error: StoreError) {
    for changes in open.values {
      for change in changes { change.fail(error) }
    }
    open = [:]
  }

  /// Reads the states, and lets each change decide on the result of the one before it.
  private func decide() throws -> [Decided] {
    let reader = MongoReader(Source(session, layout), newest: 1)
    let inboxes = order.filter { open[$0] != nil }
    return try zip(inboxes, reader.states(of: inboxes)).map { inbox, state in
      var state = state
      let before = state.marks
      let decided = try (open[inbox] ?? []).map { try $0.decide(reader, &state) }
      let settle = decided.map(\.0)
      guard let bytes = decided.lazy.compactMap(\.bytes).last else {
        return Decided(inbox: inbox, settle: settle)
      }
      let record = RecordDocument(
        name: inbox.own, version: Int64(state.marks.version), token: .random(at: 0),
        body: bytes)
      return Decided(
        inbox: inbox, settle: settle,
        replacement: .init(
          record: record, previous: Int64(before.version), previousToken: reader.marksToken(of: inbox)))
    }
  }
}
