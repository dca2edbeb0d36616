import Locks
import Runtime
import Testing

@Suite("Monitors")
struct MonitorTests {
  @Test("a thread that waits looks again at the time that it named, without any change")
  func again() {
    let monitor = Monitor(0)
    let end = ContinuousClock.now + .milliseconds(20)
    let looks = monitor.watch { looks in
      looks += 1
      return .now < end ? .again(at: end) : .done(looks)
    }
    #expect(looks >= 2)
    #expect(monitor.wait(atMost: .milliseconds(1)) { $0 < 0 ? () : nil } == nil)
  }

  @Test("a change that is made in silence is seen once somebody wakes the thread")
  func waking() async {
    let monitor = Monitor(0)
    await withCheckedContinuation { ended in
      let isStarted = SystemThread.start {
        monitor.updateForAll { $0 = 1 }
        monitor.wait { $0 == 2 ? () : nil }
        ended.resume()
      }
      precondition(isStarted)
      monitor.wait { $0 == 1 ? () : nil }
      monitor.withLock { $0 = 2 }
      monitor.wake()
    }
    #expect(monitor.withLock { $0 } == 2)
  }

  @Test("all threads that wait are woken, and each tells its end")
  func all() {
    let gate = Monitor(false)
    let ended = Monitor(0)
    for _ in 0..<4 {
      let isStarted = SystemThread.start {
        gate.wait { $0 ? () : nil }
        ended.update { $0 += 1 }
      }
      precondition(isStarted)
    }
    gate.updateForAll { $0 = true }
    #expect(ended.wait { $0 == 4 ? $0 : nil } == 4)
  }
}
