import Inbox

// What is to be done next, and what came of it.
extension Following {
  /// What is to be done next.
  enum Step: Sendable {
    /// Look at these inboxes, and say what came of it.
    case look([Item])
    /// Go on once there is room for events.
    case awaitRoom
    /// Go on at this time.
    case sleep(until: ContinuousClock.Instant)
    /// Go on after a wake.
    case rest
  }

  /// An inbox that is to be looked at.
  struct Item: Sendable {
    var place: Place
    var follower: Follower
    var own: LogName
    var position: Position
    var counts: InboxState.Counts
  }

  /// What came of a look at an inbox.
  enum Outcome: Sendable {
    /// The follower is told all up to this position; `more` says that there is more already.
    case told(Position, InboxState.Counts, more: Bool)
    /// There was nothing to tell up to this position, or a call was woken, which looks by itself.
    case nothing(Position)
    /// There was no time or no room: as before.
    case notLooked
    /// It can't be read. A call was woken, which looks by itself.
    case faulty
    /// It could not be read together with the others, or now: later, with fewer.
    case failed
  }

  /// The next step. Without room for events only the calls that wait go on. What a look is about counts as taken
  /// up, until `finish` is told what came of it.
  mutating func step(now: ContinuousClock.Instant, hasRoom: Bool) -> Step {
    takeIn()
    goOn(\.pausing, now)
    goOn(\.faulty, now)
    var items: [Item] = []
    while items.count < most, let place = calls.popFirst() { take(place, &items) }
    while hasRoom, items.count < most, let place = subscriptions.popFirst() { take(place, &items) }
    if !items.isEmpty { return .look(items) }
    if !subscriptions.isEmpty { return .awaitRoom }
    let times = [pausing.first?.until, faulty.first?.until].compactMap { $0 }
    return times.min().map { .sleep(until: $0) } ?? .rest
  }

  private mutating func take(_ place: Place, _ items: inout [Item]) {
    let entry = entries[Int(place)]!
    guard !entry.isGone, let position = entry.position else {
      remove(place)
      return
    }
    entries[Int(place)]!.phase = .looking
    items.append(
      Item(place: place, follower: entry.follower, own: entry.own, position: position, counts: entry.counts))
  }

  /// Takes up the inboxes whose pause is over.
  private mutating func goOn(_ queue: WritableKeyPath<Following, Pauses>, _ now: ContinuousClock.Instant) {
    while let first = self[keyPath: queue].first, first.until <= now {
      self[keyPath: queue].removeFirst()
      resume(first.place)
    }
  }

  /// Takes in what came of a look, in the order of its items.
  mutating func finish(_ items: [Item], _ outcomes: [Outcome], now: ContinuousClock.Instant) {
    var back: [Place] = []
    var hasFailed = false
    for (item, outcome) in zip(items, outcomes) {
      let place = Int(item.place)
      guard !entries[place]!.isGone else {
        remove(item.place)
        continue
      }
      switch outcome {
      case .told(let position, let counts, let more):
        entries[place]!.position = position
        entries[place]!.counts = counts
        if more { entries[place]!.isMarked = true }
        if item.follower.purpose == .counts {
          entries[place]!.phase = .pausing
          pausing.append((item.place, now + Self.countsPause))
        } else {
          resume(item.place)
        }
      case .nothing(let position):
        // A call that waits says by itself how far it is, maybe meanwhile.
        if item.follower.purpose != .call { entries[place]!.position = position }
        resume(item.place)
      case .notLooked:
        entries[place]!.phase = .queued
        back.append(item.place)
      case .failed:
        hasFailed = true
        enqueue(item.place)
      case .faulty where item.follower.purpose == .call: resume(item.place)
      case .faulty:
        entries[place]!.isMarked = true
        entries[place]!.phase = .pausing
        faulty.append((item.place, now + Self.faultPause))
      }
    }
    most = hasFailed ? max(1, items.count / 2) : min(most * 2, Self.batch)
    for place in back.reversed() {
      if entries[Int(place)]!.follower.purpose == .call {
        calls.prepend(place)
      } else {
        subscriptions.prepend(place)
      }
    }
  }

  /// Takes the calls that wait out of the queue, to be woken: they look by themselves.
  mutating func releaseCalls() -> [Follower] {
    defer { calls = [] }
    return calls.compactMap { place in
      let entry = entries[Int(place)]!
      guard !entry.isGone else {
        remove(place)
        return nil
      }
      entries[Int(place)]!.phase = .idle
      return entry.follower
    }
  }

  /// Lets an inbox that was taken up be marked again, or puts it into its queue if it was meanwhile.
  private mutating func resume(_ place: Place) {
    if entries[Int(place)]!.isGone {
      remove(place)
    } else if entries[Int(place)]!.isMarked {
      enqueue(place)
    } else {
      entries[Int(place)]!.phase = .idle
    }
  }
}
