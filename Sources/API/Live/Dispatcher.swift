import Caches
import Inbox
import JSONRPC
import Locks

/// Tells the followers of one connection what happens in their inboxes: the shell around ``Following``.
///
/// One task looks at what wakes were about, and ends when nothing is left to do; while nothing happens there is none.
/// The store is watched only while somebody follows.
final class Dispatcher: Sendable {
  private let store: any MessageStore
  private let written: WrittenMessages
  private let notifier: Notifier
  private let limits: FollowingLimits
  /// The watch, while there are followers and a little longer. Held while a follower is added or ends, so that the first one is not
  /// told of before the store is watched; never by the watch's listener.
  private let watching = Locked(Watching())
  // Held for a look or a change, never while anything is called.
  private let state: Locked<State>

  fileprivate struct State: Sendable {
    var following = Following()
    var trouble = Trouble()
    /// Whether the task is at work, which of all it is, and the task.
    var isRunning = false
    var runs = 0
    var task: Task<Void, Never>?
    /// Whether the connection is to tell when there is room for events.
    var awaitsRoom = false
    var alarm: Alarm?
    var hasEnded = false
  }

  private struct Watching: Sendable {
    var watch: Watch?
    /// Ends the watch later.
    var end: Task<Void, Never>?

    mutating func stop() {
      end.take()?.cancel()
      watch.take()?.end()
    }
  }

  /// The time for which the store is watched on after the last call that waited: a host that waits again and again
  /// does so in a moment.
  private static let linger = Duration.seconds(10)

  /// A time at which the task goes on, if it does not before.
  fileprivate struct Alarm: Sendable {
    var time: ContinuousClock.Instant
    var task: Task<Void, Never>?
  }

  init(_ store: any MessageStore, _ written: WrittenMessages, _ notifier: Notifier, _ limits: FollowingLimits)
  {
    self.store = store
    self.written = written
    self.notifier = notifier
    self.limits = limits
    state = Locked(State())
  }

  // MARK: Followers

  /// Adds a follower of these inboxes, which is told nothing before it is started; whatever the store tells from
  /// now on is not missed. Throws `limit_reached`.
  func add(
    _ inboxes: [Inbox], _ purpose: Follower.Purpose, wake: @escaping @Sendable () -> Void = {}
  ) throws(RPCError) -> Follower {
    let (follower, refusal) = watching.withLock { watching -> (Follower?, RPCError?) in
      let (follower, refusal) = state.withLock { state -> (Follower?, RPCError?) in
        if let refusal = state.following.refusal(limits, adding: inboxes.count) { return (nil, refusal) }
        return (state.following.add(inboxes, purpose, wake: wake), nil)
      }
      guard follower != nil else { return (nil, refusal) }
      watching.end.take()?.cancel()
      if watching.watch == nil {
        watching.watch = store.watch { [weak self] wake in self?.hear(wake) }
      }
      return (follower, refusal)
    }
    if let refusal { throw refusal }
    return follower!
  }

  /// Starts a follower, or lets it go on, from these positions of its inboxes.
  func start(
    _ follower: Follower, _ positions: [(position: Position, counts: InboxState.Counts, looks: Bool)]
  ) {
    goOn { $0.start(follower.id, positions) }
    if state.withLock(\.hasEnded) { end(follower.id) }
  }

  /// Ends a follower; returns whether there was one. From then on no event of it is queued.
  @discardableResult func end(_ id: Int) -> Bool {
    watching.withLock { watching in
      let (hasEnded, isOver) = state.withLock { state in
        state.following.followers[id]?.follower.hasEnded.store(true, ordering: .releasing)
        let hasEnded = state.following.end(id)
        return (hasEnded, state.hasEnded)
      }
      if hasEnded { stopWatching(&watching, later: id < 0 && !isOver) }
      return hasEnded
    }
  }

  /// Ends the watch if nobody follows anything, now or a little later.
  private func stopWatching(_ watching: inout Watching, later: Bool) {
    guard state.withLock(\.following.isEmpty) else { return }
    guard later else { return watching.stop() }
    watching.end?.cancel()
    watching.end = Task { [weak self] in
      do { try await Task.sleep(for: Self.linger) } catch { return }
      self?.stopWatching()
    }
  }

  private func stopWatching() { watching.withLock { stopWatching(&$0, later: false) } }

  /// Ends a subscription; returns whether there was one.
  func unsubscribe(_ id: Int) -> Bool {
    // The numbers of calls are negative.
    id > 0 && end(id)
  }

  /// Ends everything, with the connection.
  func end() {
    let (ids, tasks) = state.withLock { state in
      state.hasEnded = true
      return (Array(state.following.followers.keys), [state.task, state.alarm?.task].compactMap { $0 })
    }
    for id in ids { end(id) }
    stopWatching()
    for task in tasks { task.cancel() }
  }

  /// The number of subscriptions, and that of the inboxes that are followed.
  var counts: (subscriptions: Int, inboxes: Int) {
    state.withLock { ($0.following.subscriptionCount, $0.following.inboxes) }
  }

  /// Whether nothing is to be done for what has happened so far.
  var isQuiet: Bool {
    state.withLock { !$0.isRunning && $0.alarm == nil && !$0.following.hasWork }
  }

  // MARK: The task

  private func hear(_ wake: Wake) { goOn { $0.hear(wake) } }

  /// Changes what is followed, and starts the task if there is something to do and it is not at work.
  private func goOn(_ change: (inout Following) -> Void) {
    let run = state.withLock { state -> Int? in
      change(&state.following)
      return state.following.hasWork ? state.start() : nil
    }
    if let run { start(run) }
  }

  private func start(_ number: Int) {
    let task = Task { await run() }
    state.withLock { state in
      if state.isRunning, state.runs == number { state.task = task }
      if state.hasEnded { task.cancel() }
    }
  }

  private func run() async {
    while let items = next() { await look(items) }
  }

  /// The next inboxes to look at; nil if nothing is to be done now.
  private func next() -> [Following.Item]? {
    let hasRoom = notifier.hasRoom
    let (step, replaced) = state.withLock { state -> (Following.Step, Task<Void, Never>?) in
      guard !state.hasEnded else {
        state.stop()
        return (.rest, nil)
      }
      let step = state.following.step(now: .now, hasRoom: hasRoom)
      if case .look = step { return (step, nil) }
      state.stop()
      return state.await(step)
    }
    replaced?.cancel()
    switch step {
    case .look(let items): return items
    case .awaitRoom: notifier.whenRoom { [weak self] in self?.roomReturned() }
    case .sleep(let time): setAlarm(time)
    case .rest: break
    }
    return nil
  }

  private func roomReturned() {
    state.withLock { $0.awaitsRoom = false }
    goOn { _ in }
  }

  /// Makes the task that rings at the time of the alarm.
  private func setAlarm(_ time: ContinuousClock.Instant) {
    let task = Task { [weak self] in
      do { try await Task.sleep(until: time, clock: .continuous) } catch { return }
      self?.ring(time)
    }
    state.withLock { state in
      if state.alarm?.time == time { state.alarm?.task = task }
      if state.hasEnded { task.cancel() }
    }
  }

  private func ring(_ time: ContinuousClock.Instant) {
    let run = state.withLock { state in
      if state.alarm?.time == time { state.alarm = nil }
      return state.start()
    }
    if let run { start(run) }
  }

  // MARK: Looking

  /// Looks at these inboxes, and tells what there is.
  private func look(_ items: [Following.Item]) async {
    let look = Look(items: items, bytes: notifier.roomBytes, written: written)
    let start = ContinuousClock.now
    do {
      let result = try await store.read { try look.run($0) }
      finish(items, result)
      if state.withLock({ $0.trouble.ended() }) { notifier.notice("followed inboxes can be read again") }
    } catch {
      switch (Trouble.Reason(error), isAlone: items.count == 1) {
      case (.data, false): await lookApart(items)
      case (.data, true), (.unknown, true): faulty(items, error)
      case (.away, _), (.unknown, false): await lookLater(items, error, start)
      }
    }
  }

  /// Looks at each half: what can't be read holds up nobody else.
  private func lookApart(_ items: [Following.Item]) async {
    await look(Array(items[..<(items.count / 2)]))
    await look(Array(items[(items.count / 2)...]))
  }

  /// Leaves an inbox that can't be read alone for a while. A call that waits for it finds that out itself.
  private func faulty(_ items: [Following.Item], _ error: any Error) {
    let isNews = state.withLock { $0.trouble.found(faultAt: .now) }
    if isNews { notifier.warn("a followed inbox can't be read", why: Trouble.text(error)) }
    let calls = items.map(\.follower).filter { $0.purpose == .call }
    finish(items, Look.Result(outcomes: items.map { _ in .faulty }, calls: calls))
  }

  /// Puts off what could not be read: for as long as it takes if the store is away. Calls that wait learn of what lasts
  /// from a look of their own.
  private func lookLater(
    _ items: [Following.Item], _ error: any Error, _ start: ContinuousClock.Instant
  ) async {
    let (trouble, calls) = state.withLock { state in
      state.following.finish(items, items.map { _ in .failed }, now: .now)
      let trouble = state.trouble.failed(start, now: .now)
      return (trouble, trouble.lasts ? state.following.releaseCalls() : [])
    }
    if trouble.isNews {
      notifier.warn("followed inboxes can't be read now: this is tried again", why: Trouble.text(error))
    }
    for call in calls { call.wake() }
    do {
      try await Task.sleep(for: trouble.pause)
    } catch {
      // The connection has ended, as the next step notices.
    }
  }

  private func finish(_ items: [Following.Item], _ result: Look.Result) {
    if !result.events.isEmpty { notifier.send(result.events) }
    state.withLock { $0.following.finish(items, result.outcomes, now: .now) }
    for call in result.calls { call.wake() }
  }
}

extension Dispatcher.State {
  /// Marks the task as at work, and returns its number; nil if it is already, or if all is over.
  fileprivate mutating func start() -> Int? {
    guard !isRunning, !hasEnded else { return nil }
    isRunning = true
    runs += 1
    return runs
  }

  /// Notes, before anybody sees the task at rest, what it waits for; returns what is still to be done for it, and the task of
  /// a later alarm, which has to be cancelled.
  fileprivate mutating func await(_ step: Following.Step) -> (Following.Step, Task<Void, Never>?) {
    switch step {
    case .look, .rest: return (step, nil)
    case .awaitRoom:
      defer { awaitsRoom = true }
      return (awaitsRoom ? .rest : step, nil)
    case .sleep(let time):
      if let alarm, alarm.time <= time { return (.rest, nil) }
      // Set before there is a task: it may ring at once.
      defer { alarm = Dispatcher.Alarm(time: time) }
      return (step, alarm?.task)
    }
  }

  fileprivate mutating func stop() {
    isRunning = false
    task = nil
  }
}
