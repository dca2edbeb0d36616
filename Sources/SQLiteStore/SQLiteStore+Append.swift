import Inbox

extension SQLiteStore {
  /// Appends with the next group that is committed. An append that is too large for one transaction continues
  /// in later ones, once it is known that no log has a conflict of keys. Once begun, it is finished, whether
  /// or not anybody waits.
  public func append(
    _ draft: Draft, to logs: [LogName], progress: (@Sendable (Int) -> Void)?
  ) async throws -> [Receipt] {
    let chunks = FanOut.chunks(of: logs.count, size: draft.storedSize)
    guard chunks.count > 1 else { return try await append(draft, to: logs, checking: [], progress) }
    let first = try await append(
      draft, to: Array(logs[chunks[0]]), checking: Array(logs[chunks[0].upperBound...]), progress)
    return try await Task {
      var done: [Receipt?] = first + [Receipt?](repeating: nil, count: logs.count - first.count)
      for chunk in chunks.dropFirst() {
        do {
          let receipts = try await append(draft, to: Array(logs[chunk]), checking: []) {
            progress?(chunk.lowerBound + $0)
          }
          done.replaceSubrange(chunk, with: receipts.map(Optional.some))
        } catch let error as StoreError {
          throw StoreError.interrupted(error, done)
        }
      }
      return done.compactMap(\.self)
    }.value
  }

  private func append(
    _ draft: Draft, to logs: [LogName], checking others: [LogName], _ progress: (@Sendable (Int) -> Void)?
  ) async throws -> [Receipt] {
    try await write(.logs(logs), size: draft.storedSize * logs.count) { connection in
      try connection.expectNoConflict(of: draft, in: others)
      return try connection.append(draft, to: logs, progress)
    }
  }
}
