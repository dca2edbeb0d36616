import Testing

@testable import Mongo

@Suite("The pool's scheduler")
struct PoolSchedulerTests {
  private let now = ContinuousClock.now

  private func make(threads: Int = 2, limit: Int = 3, available: Bool = true) -> PoolScheduler<String> {
    var scheduler = PoolScheduler<String>(threads: threads, limit: limit, waitLimit: .seconds(5))
    _ = scheduler.setAvailable(available)
    return scheduler
  }

  private func submit(
    _ scheduler: inout PoolScheduler<String>, _ work: String, deadline: ContinuousClock.Instant? = nil
  ) -> String {
    switch scheduler.submit(work, deadline: deadline, now: now) {
    case .assign(let worker): "assign \(worker)"
    case .start(let worker): "start \(worker)"
    case .queued(let wakes): wakes ? "queued, wakes" : "queued"
    case .refused(let refusal): "refused: \(refusal)"
    }
  }

  private func next(_ scheduler: inout PoolScheduler<String>, _ worker: Int) -> String {
    switch scheduler.next(for: worker) {
    case .run(let work): "run \(work)"
    case .wait: "wait"
    case .exit: "exit"
    }
  }

  @Test("starts threads when they are needed, then queues, then refuses")
  func growth() {
    var scheduler = make()
    #expect(submit(&scheduler, "a") == "start 1")
    #expect(submit(&scheduler, "b") == "start 2")
    #expect(submit(&scheduler, "c") == "queued, wakes")
    #expect(submit(&scheduler, "d") == "queued")
    #expect(submit(&scheduler, "e") == "queued")
    #expect(submit(&scheduler, "f") == "refused: full")
    #expect(next(&scheduler, 1) == "run c")
    #expect(next(&scheduler, 2) == "run d")
    #expect(next(&scheduler, 1) == "run e")
    #expect(next(&scheduler, 1) == "wait")
    #expect(next(&scheduler, 2) == "wait")
    #expect(submit(&scheduler, "g") == "assign 2")
  }

  @Test("keeps work until there is a primary, and gives it out then")
  func availability() {
    var scheduler = make(available: false)
    #expect(submit(&scheduler, "a") == "queued, wakes")
    #expect(submit(&scheduler, "b") == "queued")
    #expect(submit(&scheduler, "c") == "queued")
    let assignments = scheduler.setAvailable(true)
    #expect(assignments.map(\.work) == ["a", "b"])
    #expect(assignments.map(\.isNew) == [true, true])
    _ = scheduler.setAvailable(false)
    #expect(next(&scheduler, 1) == "wait")
    #expect(scheduler.setAvailable(true).map(\.work) == ["c"])
  }

  @Test("lets work expire at its deadline or the limit, whichever comes first")
  func expiry() {
    var scheduler = make(available: false)
    _ = submit(&scheduler, "slow")
    #expect(submit(&scheduler, "soon", deadline: now + .seconds(1)) == "queued, wakes")
    #expect(submit(&scheduler, "late", deadline: now + .seconds(60)) == "queued")
    var (expired, next) = scheduler.expire(now: now)
    #expect(expired == [] && next == now + .seconds(1))
    (expired, next) = scheduler.expire(now: now + .seconds(1))
    #expect(expired == ["soon"] && next == now + .seconds(5))
    (expired, next) = scheduler.expire(now: now + .seconds(5))
    #expect(expired == ["slow", "late"] && next == nil)
    #expect(scheduler.waiting == 0)
  }

  @Test("cancelling takes waiting work out and frees its place")
  func cancel() {
    var scheduler = make(limit: 1, available: false)
    _ = submit(&scheduler, "a")
    #expect(submit(&scheduler, "b") == "refused: full")
    #expect(scheduler.cancel { $0 == "a" } == "a")
    #expect(scheduler.cancel { $0 == "a" } == nil)
    #expect(submit(&scheduler, "b") != "refused: full")
  }

  @Test("closing drops what waits and ends the threads")
  func close() {
    var scheduler = make()
    _ = submit(&scheduler, "a")
    _ = submit(&scheduler, "b")
    _ = submit(&scheduler, "c")
    #expect(next(&scheduler, 1) == "run c")
    _ = submit(&scheduler, "d")
    #expect(next(&scheduler, 2) == "run d")
    #expect(next(&scheduler, 2) == "wait")
    _ = submit(&scheduler, "e")
    _ = submit(&scheduler, "f")
    let closing = scheduler.close()
    #expect(closing.dropped == ["f"] && closing.idle == [])
    #expect(submit(&scheduler, "g") == "refused: closed")
    #expect(next(&scheduler, 1) == "exit")
    #expect(next(&scheduler, 2) == "exit")
    #expect(scheduler.workers == 0)
  }
}
