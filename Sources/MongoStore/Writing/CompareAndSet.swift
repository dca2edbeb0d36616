import Inbox
import Mongo
import Runtime

/// Writes records of one collection, each over the version that it was made from.
struct CompareAndSet {
  /// The outcome for one record.
  enum Outcome {
    case written
    /// Another change came first: the caller has to decide again.
    case lost
    /// The outcome is not known.
    case unknown
    /// The record was written, but not where it was meant to be.
    case elsewhere
    /// Nothing was written.
    case failed(StoreError)
  }

  /// A record and the version that it replaces.
  struct Replacement {
    var record: RecordDocument
    var previous: Int64
    /// The token of the change that wrote that version; nil if there is none.
    var previousToken: BSONObjectID?
  }

  let collection: Collection
  let layout: Layout
  let session: MongoSession
  let feed: ChangeFeed

  /// Writes all records in one command, tells who watches, and returns the outcome for each.
  func write(_ replacements: [Replacement], _ backoff: inout Backoff) -> [Outcome] {
    guard !replacements.isEmpty else { return [] }
    feed.expect(replacements.map(change))
    let outcomes = attempt(replacements, &backoff)
    // Where another change came first, the stream may have told nothing of it.
    feed.tell(
      replacements.map(\.record.name),
      unmade: zip(replacements, outcomes).filter { if case .written = $1 { false } else { true } }
        .map { change($0.0) })
    return outcomes
  }

  private func change(_ replacement: Replacement) -> ChangeID {
    let record = replacement.record
    return .record(collection, record.name.fingerprint, version: record.version)
  }

  private func attempt(_ replacements: [Replacement], _ backoff: inout Backoff) -> [Outcome] {
    var outcomes = [Outcome?](repeating: nil, count: replacements.count)
    var maySurface = false
    while true {
      let open = replacements.indices.filter { outcomes[$0] == nil }
      guard !open.isEmpty else { break }
      let result = session.bulk(
        collection.rawValue,
        open.map { replacements[$0].record.write(to: collection, over: replacements[$0].previous) },
        ordered: false)
      if result.error == nil, result.matched + result.upserted == open.count {
        for index in open { outcomes[index] = .written }
        break
      }
      if result.outcome == .unknown { maySurface = true }
      var failure = result.error.map { StoreError($0) } ?? .contended
      if result.error?.kind == .replacedCollection {
        for index in open { outcomes[index] = maySurface ? .unknown : .failed(failure) }
        break
      }
      do throws(StoreError) {
        try settle(replacements, open, &outcomes, result.outcome)
      } catch {
        failure = error
      }
      // A record that is neither written nor lost is sent again unchanged: the version makes it count once.
      guard outcomes.contains(where: { $0 == nil }), !backoff.pause() else { continue }
      for index in open where outcomes[index] == nil {
        outcomes[index] = maySurface ? .unknown : .failed(failure)
      }
    }
    return confirmed(replacements, outcomes.map { $0 ?? .unknown })
  }

  /// Checks that the records were written where they were meant to be, on servers to which collections can't
  /// be named by UUID.
  private func confirmed(_ replacements: [Replacement], _ outcomes: [Outcome]) -> [Outcome] {
    let isWritten = outcomes.map { if case .written = $0 { true } else { false } }
    guard isWritten.contains(true) else { return outcomes }
    do {
      try layout.confirmCollections(session)
      return outcomes
    } catch {
      if error as? StoreError == .replaced {
        session.suspectChange()
        // There was no record before, so the one that is there now belongs to an inbox or a log of another
        // past.
        let strays = zip(replacements, isWritten).filter { $0.0.previous == 0 && $0.1 }.map(\.0.record)
        _ = session.bulk(
          collection.rawValue,
          strays.flatMap { record in
            record.tokens.map {
              .deleteOne(
                filter: [
                  "_id": .binary(record.name.encoded), "version": .int64(record.version),
                  "tokens": .objectID($0),
                ])
            }
          }, ordered: false)
      }
      return zip(outcomes, isWritten).map { $1 ? .elsewhere : $0 }
    }
  }

  /// Looks up whose changes the records hold.
  private func settle(
    _ replacements: [Replacement], _ open: [Int], _ outcomes: inout [Outcome?],
    _ outcome: MongoError.Outcome
  ) throws(StoreError) {
    let found = try records(open.map { replacements[$0].record.name })
    for index in open {
      let mine = replacements[index]
      guard let record = found[mine.record.name], record.version > mine.previous else { continue }
      if record.tokens.contains(where: mine.record.tokens.contains) {
        outcomes[index] = .written
      } else {
        // If the token of the replaced version is still listed, all later tokens are too.
        let isConclusive =
          record.tokens.count < Int(RecordDocument.tokensKept)
          || mine.previousToken.map(record.tokens.contains) ?? false
        outcomes[index] = isConclusive ? .lost : .unknown
      }
    }
  }

  /// Records by name, as a majority has them.
  func records(_ names: [LogName]) throws(StoreError) -> [LogName: RecordDocument] {
    var found: [LogName: RecordDocument] = [:]
    var batches = [names]
    while let names = batches.popLast() {
      let batch: MongoBatch
      do {
        batch = try Query.records(collection, names).run(session)
      } catch {
        throw StoreError(error)
      }
      guard batch.isComplete else {
        guard names.count > 1 else { throw .damaged("a record of more than 16 MiB") }
        batches += [Array(names.prefix(names.count / 2)), Array(names.dropFirst(names.count / 2))]
        continue
      }
      for document in try batch.all() {
        let record = try RecordDocument(document, of: collection)
        found[record.name] = record
      }
    }
    return found
  }
}

extension StoreError {
  static let contended = StoreError.unavailable("other writers changed the same record for too long")
}
