import DequeModule

/// Counts the bytes of answers that are being made, which can't be written yet, against the limit of the
/// bytes that wait to be written. An answer that is alone is always made, whatever its size, so there is
/// always progress.
///
/// A call that waits for room holds none, and calls get room in the order in which they ask.
struct AnswerRoom<Owner: Sendable>: Sendable {
  private let limit: Int
  private var waiting: Deque<(owner: Owner, bytes: Int)> = []
  /// The number of bytes held.
  private(set) var held = 0

  init(limit: Int) { self.limit = limit }

  /// Whether any owner waits.
  var isAwaited: Bool { !waiting.isEmpty }

  /// Holds `more` bytes for an owner that already holds `own`, if there is room beside the `queued` bytes;
  /// returns whether it does. An owner that holds nothing yet has to wait behind those that are waiting.
  mutating func take(_ more: Int, own: Int, queued: Int) -> Bool {
    guard own > 0 || waiting.isEmpty, hasRoom(for: more, own: own, queued: queued) else { return false }
    held += more
    return true
  }

  /// Releases bytes that were held.
  mutating func release(_ bytes: Int) { held -= bytes }

  /// Adds an owner to those that wait for room; `next` returns it when its turn has come.
  mutating func wait(_ owner: Owner, for bytes: Int) { waiting.append((owner, bytes)) }

  /// Returns the next owner whose turn has come, and the bytes that it asked for. They are not held yet,
  /// since the owner may be gone.
  mutating func next(queued: Int) -> (owner: Owner, bytes: Int)? {
    guard let first = waiting.first, hasRoom(for: first.bytes, own: 0, queued: queued) else { return nil }
    return waiting.removeFirst()
  }

  /// Holds bytes for an owner that `next` returned.
  mutating func hold(_ bytes: Int) { held += bytes }

  private func hasRoom(for more: Int, own: Int, queued: Int) -> Bool {
    if held == own { return queued < limit }
    return held + more + queued <= limit
  }
}
