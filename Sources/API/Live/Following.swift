import DequeModule
import Inbox
import JSONRPC

/// Who follows which inboxes, what may have changed, and what is to be done next: a value, which is told what happens.
///
/// A follower has no backlog, only a position in each inbox. A wake marks the inboxes that it may concern; they are
/// looked at in batches, in the order in which they were marked, and one of which there is more to tell goes to the end
/// of the queue: all followers go on at the same pace.
struct Following: Sendable {
  /// The place of one followed inbox in `entries`.
  typealias Place = Int32

  /// The most inboxes that are looked at together.
  static let batch = 1_000
  /// How many of them are now: fewer after a look that failed, so that one inbox holds up the others only for a while.
  var most = batch
  /// The shortest time between two `counts` of an inbox.
  static let countsPause = Duration.milliseconds(100)
  /// The time after which an inbox that can't be read is looked at again.
  static let faultPause = Duration.seconds(5)

  var followers: [Int: Followed] = [:]
  /// The numbers that were given to subscriptions, and to calls; the latter are negative.
  private var subscriptionSerial = 0
  private var callSerial = 0
  /// The number of followed inboxes, each counted for every follower.
  private(set) var inboxes = 0
  var entries: [Entry?] = []
  private var free: [Place] = []
  var index = FollowedIndex()
  /// The logs that wakes were about, among those that are followed; all of them if `hasHeardOfAll`.
  private var heard: Set<UInt64> = []
  private var hasHeardOfAll = false
  /// The inboxes that are to be looked at, of calls that wait and of subscriptions.
  var calls = Deque<Place>()
  var subscriptions = Deque<Place>()
  /// Inboxes that are left alone until a time, the first one first.
  var pausing = Pauses()
  var faulty = Pauses()

  /// Inboxes that are left alone, each until its time.
  typealias Pauses = Deque<(place: Place, until: ContinuousClock.Instant)>

  /// A follower and its inboxes.
  struct Followed: Sendable {
    var follower: Follower
    var places: [Place]
  }

  /// One inbox of one follower.
  struct Entry: Sendable {
    var follower: Follower
    /// The reader's own log, which names the inbox.
    var own: LogName
    var position: Position?
    /// The counts that were told last.
    var counts = InboxState.Counts()
    var phase = Phase.held
    /// Whether it may have changed since it was last taken up.
    var isMarked = false
    /// Whether its follower has ended.
    var isGone = false
  }

  enum Phase: Hashable, Sendable {
    /// Not told of before its follower is started.
    case held
    /// Nothing has happened.
    case idle
    /// In a queue.
    case queued
    /// Being looked at.
    case looking
    /// Left alone for a while.
    case pausing
  }

  /// Whether nobody follows anything.
  var isEmpty: Bool { followers.isEmpty }

  /// The number of subscriptions, without the calls that wait.
  var subscriptionCount: Int { followers.values.count { $0.follower.purpose != .call } }

  /// The error for one more follower, of so many inboxes; nil if there is room for it.
  func refusal(_ limits: FollowingLimits, adding count: Int) -> RPCError? {
    if count > limits.inboxes {
      return .tooMuch(
        pointer: "/inboxes", limit: limits.inboxes, "at most \(limits.inboxes) inboxes may be followed")
    }
    if followers.count >= limits.subscriptions {
      return .limitReached(
        "there are \(limits.subscriptions) subscriptions and waiting calls", limit: limits.subscriptions)
    }
    if inboxes + count > limits.inboxes {
      return .limitReached("\(limits.inboxes) inboxes may be followed at once", limit: limits.inboxes)
    }
    return nil
  }

  // MARK: Followers

  /// Adds a follower of these inboxes, which is told nothing before it is started. From now on no wake is missed.
  mutating func add(
    _ inboxes: [Inbox], _ purpose: Follower.Purpose, wake: @escaping @Sendable () -> Void = {}
  ) -> Follower {
    let follower = Follower(id: number(for: purpose), purpose, wake: wake)
    let places = inboxes.map { inbox in
      let place = insert(Entry(follower: follower, own: inbox.own))
      index.add(place, shared: inbox.shared.fingerprint, own: inbox.own.fingerprint)
      return place
    }
    self.inboxes += places.count
    followers[follower.id] = Followed(follower: follower, places: places)
    return follower
  }

  /// Starts a follower, or lets it go on, from these positions of its inboxes. Those that `looks` says, and those that
  /// were marked meanwhile, are looked at.
  mutating func start(
    _ id: Int, _ positions: [(position: Position, counts: InboxState.Counts, looks: Bool)]
  ) {
    guard let followed = followers[id] else { return }
    for (place, start) in zip(followed.places, positions) {
      let place = Int(place)
      entries[place]!.position = start.position
      entries[place]!.counts = start.counts
      if entries[place]!.phase == .held { entries[place]!.phase = .idle }
      if start.looks || entries[place]!.isMarked { mark(Place(place)) }
    }
  }

  /// Ends a follower; returns whether there was one.
  mutating func end(_ id: Int) -> Bool {
    guard let followed = followers.removeValue(forKey: id) else { return false }
    for place in followed.places {
      index.remove(place)
      switch entries[Int(place)]!.phase {
      case .held, .idle: remove(place)
      // Whoever takes it up next removes it.
      case .queued, .looking, .pausing: entries[Int(place)]!.isGone = true
      }
    }
    inboxes -= followed.places.count
    return true
  }

  private mutating func number(for purpose: Follower.Purpose) -> Int {
    if purpose == .call {
      callSerial -= 1
      return callSerial
    }
    subscriptionSerial += 1
    return subscriptionSerial
  }

  private mutating func insert(_ entry: Entry) -> Place {
    if let place = free.popLast() {
      entries[Int(place)] = entry
      return place
    }
    entries.append(entry)
    return Place(entries.count - 1)
  }

  /// Removes the entry of a follower that has ended.
  mutating func remove(_ place: Place) {
    entries[Int(place)] = nil
    free.append(place)
    if free.count == entries.count {
      // Nobody is left: the memory that many took is given back.
      (entries, free) = ([], [])
      index = FollowedIndex()
    }
  }

  // MARK: Wakes

  /// Takes in a wake; the inboxes that it concerns are marked with the next step.
  mutating func hear(_ wake: Wake) {
    switch wake {
    case .everything: hasHeardOfAll = !isEmpty
    case .logs(let fingerprints):
      guard !hasHeardOfAll else { return }
      for fingerprint in fingerprints where index.has(fingerprint) { heard.insert(fingerprint) }
    }
  }

  /// Whether there is something to take up.
  var hasWork: Bool { hasHeardOfAll || !heard.isEmpty || !calls.isEmpty || !subscriptions.isEmpty }

  /// Marks what wakes were about.
  mutating func takeIn() {
    if hasHeardOfAll {
      for followed in followers.values { for place in followed.places { mark(place) } }
    } else {
      let index = index
      for fingerprint in heard { index.forEach(fingerprint) { mark($0) } }
    }
    (heard, hasHeardOfAll) = ([], false)
  }

  /// Notes that an inbox may have changed.
  private mutating func mark(_ place: Place) {
    let entry = Int(place)
    switch entries[entry]!.phase {
    case .idle: enqueue(place)
    case .queued: break
    case .held, .looking, .pausing: entries[entry]!.isMarked = true
    }
  }

  /// Puts an inbox at the end of its queue.
  mutating func enqueue(_ place: Place) {
    entries[Int(place)]!.phase = .queued
    entries[Int(place)]!.isMarked = false
    if entries[Int(place)]!.follower.purpose == .call {
      calls.append(place)
    } else {
      subscriptions.append(place)
    }
  }
}
