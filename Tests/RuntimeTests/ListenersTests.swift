import Locks
import Runtime
import Testing

struct ListenersTests {
  @Test func everyListenerIsToldUntilItIsRemoved() {
    let (listeners, told) = (Listeners<Int>(), Locked([String]()))
    #expect(listeners.isEmpty)
    let removeA = listeners.add { event in told.withLock { $0.append("a\(event)") } }
    listeners.tell(1)
    let removeB = listeners.add { event in told.withLock { $0.append("b\(event)") } }
    removeA()
    removeA()
    listeners.tell(2)
    removeB()
    #expect(listeners.isEmpty)
    listeners.tell(3)
    #expect(told.withLock { $0 } == ["a1", "b2"])
  }

  @Test func anEventIsMadeOnlyForSomebody() {
    let listeners = Listeners<Int>()
    func event() -> Int {
      Issue.record("nobody listens")
      return 0
    }
    listeners.tell(event())
  }

  @Test func aListenerMayRemoveItselfWhileItIsTold() {
    let (listeners, remove) = (Listeners<Int>(), Locked<(@Sendable () -> Void)?>(nil))
    let removal = listeners.add { _ in remove.withLock { $0 }?() }
    remove.withLock { $0 = removal }
    listeners.tell(1)
    #expect(listeners.isEmpty)
  }
}
