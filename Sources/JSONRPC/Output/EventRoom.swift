/// The room for events: they are sent only while few bytes are queued, so that a host that does not read costs no
/// memory, and answers come soon. Who finds no room is told when there is some again.
struct EventRoom: Sendable {
  /// The number of queued bytes below which events may be sent, and up to which more may be added then.
  let bytes: Int
  private var waiting: [@Sendable () -> Void] = []

  /// The room beside answers of at most this many bytes.
  init(outputBytes: Int) { bytes = max(1, min(1 << 20, outputBytes / 4)) }

  /// Whether somebody waits for room.
  var isAwaited: Bool { !waiting.isEmpty }

  /// Whether events may be sent while this many bytes are queued.
  func isOpen(queued: Int) -> Bool { queued < bytes }

  /// Whether those who wait are to be told: later than events may be sent, so that a host that reads slowly is
  /// sent many at a time.
  func hasReturned(queued: Int) -> Bool { queued <= bytes / 2 }

  /// Adds somebody who waits.
  mutating func wait(_ handler: @escaping @Sendable () -> Void) { waiting.append(handler) }

  /// Takes those who are to be told; they wait no longer.
  mutating func takeWaiting(queued: Int) -> [@Sendable () -> Void] {
    guard hasReturned(queued: queued) else { return [] }
    defer { waiting = [] }
    return waiting
  }
}
