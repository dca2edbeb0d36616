extension LogRecord {
  /// Reads a record that may be damaged: returns what is wrong with it, and the record that it should be. `first` and
  /// `head` are the log's first and last numbers.
  public static func examined(_ bytes: [UInt8]?, first: Int, head: Int) -> (
    faults: [FaultKind], record: LogRecord
  ) {
    guard let bytes else { return ([], LogRecord()) }
    var faults: [FaultKind] = []
    var record: LogRecord
    do {
      record = try LogRecord(encoded: bytes)
    } catch is NewerVersion {
      return ([.newer], LogRecord())
    } catch {
      faults.append(.record)
      record = salvaged(bytes)
    }
    if record.tail < 1 || record.tail > head + 1 || record.retracted.last ?? 0 > head
      || record.newestRetractions.contains(where: { $0 > head || $0 < 1 })
    {
      if faults.isEmpty { faults.append(.recordRange) }
      if record.tail < 1 || record.tail > head + 1 { record.tail = max(1, min(first, head)) }
      record = record.rebuilt(through: head)
    }
    if !record.isInOrder {
      if faults.isEmpty { faults.append(.retractionOrder) }
      record = record.rebuilt(through: head)
    }
    return (faults, record)
  }

  /// Whether the newest retractions are different numbers of the set, and as many as there were retractions.
  var isInOrder: Bool {
    let kept = Set(newestRetractions)
    return kept.count == newestRetractions.count && kept.allSatisfy { $0 < tail || retracted.contains($0) }
      && newestRetractions.count == min(retractionCount, Self.retractionsKept)
      && (tail > 1 ? retractionCount >= retracted.count : retractionCount == retracted.count)
  }

  /// The record with the retractions up to `head`: those that the newest ones don't list come first.
  private func rebuilt(through head: Int) -> LogRecord {
    var record = LogRecord()
    record.tail = tail
    let retracted = retracted.intersection(1, through: head)
    let newest = newestRetractions.filter(retracted.contains)
    for seq in retracted.subtracting(SequenceSet(numbers: newest)).numbers { _ = record.retract(seq) }
    for seq in newest { _ = record.retract(seq) }
    return record
  }
}
