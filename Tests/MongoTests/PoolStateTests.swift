import Runtime
import Testing

@testable import Mongo

@Suite("The pool's state")
struct PoolStateTests {
  private let now = ContinuousClock.now

  private func make(isAvailable: Bool = false) -> PoolState {
    var state = PoolState(PoolScheduler(threads: 1, limit: 4, waitLimit: .seconds(5)))
    _ = state.topologyChanged(hasPrimary: isAvailable)
    return state
  }

  private func submit(_ state: inout PoolState, deadline: ContinuousClock.Instant? = nil) {
    let job = PoolJob(QueuedWork(), deadline: deadline) { _ in }
    _ = state.scheduler.submit(job, deadline: deadline, now: now)
  }

  private func step(
    _ state: inout PoolState, after time: Duration = .zero, until end: Duration? = nil
  ) -> String {
    switch state.step(now: now + time, until: end.map { now + $0 }) {
    case .expired(let jobs): "expired: \(jobs.map { $0.error.kind })"
    case .proceed: "proceed"
    case .wait(nil): "wait"
    case .wait(let time?): "wait \(time - now)"
    }
  }

  @Test("waits for the next expiry or the end, whichever comes first")
  func waiting() {
    var state = make()
    #expect(step(&state) == "wait")
    #expect(step(&state, until: .seconds(2)) == "wait 2.0 seconds")
    submit(&state)
    #expect(step(&state) == "wait 5.0 seconds")
    #expect(step(&state, until: .seconds(2)) == "wait 2.0 seconds")
    submit(&state, deadline: now + .seconds(1))
    #expect(step(&state, until: .seconds(2)) == "wait 1.0 seconds")
  }

  @Test("says why work has waited too long")
  func expiry() {
    var state = make()
    submit(&state, deadline: now + .seconds(1))
    submit(&state)
    #expect(step(&state, after: .seconds(1)) == "expired: [Mongo.MongoError.Kind.deadlineExceeded]")
    #expect(step(&state, after: .seconds(5)) == "expired: [Mongo.MongoError.Kind.unavailable]")
    #expect(step(&state, after: .seconds(5)) == "wait")

    state = make(isAvailable: true)
    for _ in 0..<2 { submit(&state) }
    #expect(step(&state, after: .seconds(5)) == "expired: [Mongo.MongoError.Kind.overloaded]")
  }

  @Test("proceeds at the end, and when the pool closes, but lets work expire first")
  func proceeding() {
    var state = make()
    submit(&state, deadline: now + .seconds(1))
    #expect(step(&state, after: .seconds(2), until: .seconds(2)).hasPrefix("expired"))
    #expect(step(&state, after: .seconds(2), until: .seconds(2)) == "proceed")
    _ = state.close(patience: nil)
    #expect(step(&state) == "proceed")
  }

  @Test("the last heartbeat's error is told while there is no primary; losses are counted")
  func losses() {
    var state = make()
    state.failure = MongoError(.network, "refused")
    #expect(state.lastError?.message == "refused")
    #expect(state.topologyChanged(hasPrimary: true) != nil)
    #expect(state.lastError == nil && state.losses == 0)
    #expect(state.topologyChanged(hasPrimary: true) == nil)
    for isAvailable in [false, true, false] { _ = state.topologyChanged(hasPrimary: isAvailable) }
    #expect(state.losses == 2)
  }

  @Test("closing drops what waits, once, and tells the idle threads")
  func closing() {
    var state = make(isAvailable: true)
    for _ in 0..<3 { submit(&state) }
    state.workers[1] = PoolWorker(1)
    var closed = state.close(patience: .seconds(1))
    #expect(closed.dropped.count == 2 && closed.idle.isEmpty)
    closed = state.close(patience: .seconds(2))
    #expect(closed.dropped.isEmpty && state.closing.patience == .seconds(1))

    state = make(isAvailable: true)
    submit(&state)
    state.workers[1] = PoolWorker(1)
    guard case .wait = state.scheduler.next(for: 1) else { return #expect(Bool(false), "it has work") }
    #expect(state.close(patience: nil).idle.map(\.id) == [1])
  }

  @Test("those who wait for the end are resumed once, and nobody waits after it")
  func waiters() async {
    var closing = PoolClosing()
    await withCheckedContinuation { waiter in
      let waits = closing.add(waiter)
      #expect(waits)
      for waiter in closing.finish() { waiter.resume() }
    }
    let rest = closing.finish()
    #expect(rest.isEmpty)
    await withCheckedContinuation { waiter in
      let waits = closing.add(waiter)
      #expect(!waits)
      waiter.resume()
    }
  }
}
