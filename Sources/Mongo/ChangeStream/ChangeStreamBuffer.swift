import DequeModule

/// A buffer of events between a stream's thread and its consumer: a value without threads.
struct ChangeStreamBuffer<Consumer> {
  typealias Event = MongoChangeStream.Event

  enum Taken {
    case event(Event)
    case end((any Error)?)
    /// The consumer waits; the buffer keeps it.
    case waits
    /// Refused: another consumer waits already.
    case refused
  }

  private var events: Deque<(event: Event, token: BSONDocument?)> = []
  private var consumer: Consumer?
  private var end: Result<Void, any Error>?
  private let limit: Int
  /// The resume token of the last event taken, or of the quiet time after it.
  private(set) var consumedToken: BSONDocument?

  init(limit: Int, token: BSONDocument?) {
    self.limit = max(1, limit)
    consumedToken = token
  }

  var isFull: Bool { events.count >= limit }
  var hasEnded: Bool { end != nil }

  mutating func take(_ consumer: Consumer) -> Taken {
    if let first = events.popFirst() {
      consumedToken = first.token ?? consumedToken
      return .event(first.event)
    }
    if let end {
      // An error is thrown once; after it the sequence has ended.
      self.end = .success(())
      if case .failure(let error) = end { return .end(error) }
      return .end(nil)
    }
    guard self.consumer == nil else { return .refused }
    self.consumer = consumer
    return .waits
  }

  /// Adds an event. If a consumer is returned, it gets the event at once.
  mutating func add(_ event: Event, token: BSONDocument?) -> Consumer? {
    guard !hasEnded else { return nil }
    if let consumer {
      self.consumer = nil
      consumedToken = token ?? consumedToken
      return consumer
    }
    events.append((event, token))
    return nil
  }

  /// Takes the server's resume token while nothing happens; it counts once every event before it has been
  /// taken.
  mutating func quiet(token: BSONDocument?) {
    guard let token else { return }
    if events.isEmpty {
      consumedToken = token
    } else {
      events[events.count - 1].token = token
    }
  }

  /// Ends the stream; events that wait are still delivered, unless `dropping`.
  mutating func finish(_ error: (any Error)?, dropping: Bool = false) -> Consumer? {
    guard end == nil else { return nil }
    if dropping { events.removeAll() }
    end = error.map { .failure($0) } ?? .success(())
    defer { consumer = nil }
    if consumer != nil { end = .success(()) }
    return consumer
  }

  mutating func stopTaking() -> Consumer? {
    defer { consumer = nil }
    return consumer
  }
}

extension ChangeStreamBuffer: Sendable where Consumer: Sendable {}
