import Inbox
import Mongo

// Times and numbers.
extension View {
  func times(in name: LogName, _ numbers: [Int]) throws -> [Timestamp] {
    guard !numbers.isEmpty else { return [] }
    let slots = try slots(name.encoded, Array(Set(numbers)))
    return try numbers.map { seq in
      guard let slot = slots[seq] else { throw StoreError.damagedLog }
      return slot.time
    }
  }

  func tokens(in name: LogName, _ numbers: [Int]) throws -> [UInt64] {
    let missing = Set(numbers).filter { knownToken(name, $0) == nil }
    let slots = missing.isEmpty ? [:] : try slots(name.encoded, Array(missing))
    return try numbers.map { seq in
      guard let token = knownToken(name, seq) ?? slots[seq]?.token.random else { throw StoreError.damagedLog }
      return token
    }
  }

  private func slots(_ log: [UInt8], _ numbers: [Int]) throws(StoreError) -> [Int: Slot] {
    var slots: [Int: Slot] = [:]
    for document in try Self.documents(try run(.times(log, numbers))) {
      let slot = try Slot(document)
      slots[slot.seq] = slot
    }
    return slots
  }

  /// Times don't decrease within a log, so this is a search: several points for each command, five commands
  /// for a million messages.
  func last(in name: LogName, notAfter time: Timestamp) throws -> Int {
    let log = name.encoded
    var high = try head(name, log)
    var low = 0
    while low < high {
      let step = max(1, (high - low) / Self.pointsPerRound)
      let probes = Array(stride(from: low + 1, through: high, by: step))
      let times = try slots(log, probes).mapValues(\.time)
      // Up to some probe the times are not after `time`. Messages that retention has removed are older than
      // the rest.
      var end = high
      for probe in probes {
        guard times[probe] ?? .min <= time else {
          end = probe - 1
          break
        }
        low = probe
      }
      high = end
    }
    return low
  }

  private static let pointsPerRound = 16

  private func head(_ name: LogName, _ log: [UInt8]) throws(StoreError) -> Int {
    if let head = pinnedHead(name) { return head }
    guard let last = try Self.documents(try run(.lastSlot(log))).first else { return 0 }
    return try Slot(last).seq
  }

  func numbers(
    in name: LogName, where field: MessageField, from first: Int, through last: Int
  ) throws -> SequenceSet {
    try numbers(name, field, from: first, through: min(last, pinnedHead(name) ?? .max))
  }

  func numbers(
    _ name: LogName, _ field: MessageField, from first: Int, through last: Int
  ) throws(StoreError) -> SequenceSet {
    let log = name.encoded
    var first = max(first, 1)
    var found: [Int] = []
    while first <= last {
      let batch = try run(
        .numbers(log, field, from: first, through: last, limit: Self.numbersTogether))
      let before = found.count
      for document in try Self.documents(batch) { found.append(try Place.seq(document)) }
      guard let newest = found.last, found.count > before else { break }
      if batch.isComplete, found.count - before < Self.numbersTogether { break }
      first = newest + 1
    }
    return SequenceSet(numbers: found)
  }
}
