import DequeModule

/// Counts the bytes of answers that are being made, which nobody can write yet, against the limit of what waits
/// to be written. An answer that is alone is always made, whatever its size, so it never comes to a stand.
///
/// What waits for room holds none, and gets it in the order of asking.
struct AnswerRoom<Owner: Sendable>: Sendable {
  private let limit: Int
  private var waiting: Deque<(owner: Owner, bytes: Int)> = []
  /// Bytes that are held.
  private(set) var held = 0

  init(limit: Int) { self.limit = limit }

  /// Whether anybody waits.
  var isAwaited: Bool { !waiting.isEmpty }

  /// Holds `more` bytes for an owner that holds `own` already, if there is room beside what is `queued`. Who
  /// holds nothing yet goes behind those that wait.
  mutating func take(_ more: Int, own: Int, queued: Int) -> Bool {
    guard own > 0 || waiting.isEmpty, hasRoom(for: more, own: own, queued: queued) else { return false }
    held += more
    return true
  }

  /// Gives bytes back.
  mutating func release(_ bytes: Int) { held -= bytes }

  /// Waits for room; `next` gives it.
  mutating func wait(_ owner: Owner, for bytes: Int) { waiting.append((owner, bytes)) }

  /// The next owner whose turn has come, and the bytes that it wants. They are not held yet: it may have gone.
  mutating func next(queued: Int) -> (owner: Owner, bytes: Int)? {
    guard let first = waiting.first, hasRoom(for: first.bytes, own: 0, queued: queued) else { return nil }
    return waiting.removeFirst()
  }

  /// Holds bytes for an owner that `next` has named.
  mutating func hold(_ bytes: Int) { held += bytes }

  private func hasRoom(for more: Int, own: Int, queued: Int) -> Bool {
    if held == own { return queued < limit }
    return held + more + queued <= limit
  }
}
