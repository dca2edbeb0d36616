import CSystem
import LibC
import Locks

/// Threads for calls that block: they never run on the pool that Swift's tasks share.
public enum SystemThread {
  /// The size of a stack in bytes: the same everywhere, whatever limit the process was started with.
  private static let stackSize = 2 << 20

  /// Starts a thread, which ends by itself; returns false if the system has none to give. Debuggers and `top`
  /// show the name. Whoever must know of its end lets `body` tell it, through a `Monitor`.
  public static func start(
    named name: StaticString = "tidings", _ body: @escaping @Sendable () -> Void
  ) -> Bool {
    var attributes = pthread_attr_t()
    guard pthread_attr_init(&attributes) == 0 else { return false }
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, stackSize)
    let start = Unmanaged.passRetained(ThreadStart(name, body))
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    guard pthread_create(&thread, &attributes, { run($0) }, start.toOpaque()) == 0 else {
      // Nobody else releases the body if the thread doesn't run.
      start.release()
      return false
    }
    return true
  }

  /// Whether the system gives this many threads at once; the threads that it gives are let go again.
  public static func canStart(_ count: Int) -> Bool {
    let gate = Monitor(Gate())
    var started = 0
    while started < count {
      let isStarted = start(named: "check") {
        gate.wait { $0.isOpen ? () : nil }
        gate.updateForAll { $0.ended += 1 }
      }
      guard isStarted else { break }
      started += 1
    }
    gate.updateForAll { $0.isOpen = true }
    gate.wait { [started] in $0.ended == started ? () : nil }
    return started == count
  }

  /// Keeps every thread from ending before the last one is started.
  private struct Gate {
    var isOpen = false
    var ended = 0
  }

  /// Blocks this thread for about this long.
  public static func block(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    // A signal may end the pause early: the caller looks again anyway.
    nanosleep(&time, nil)
  }

  /// A number that no other living thread has; never 0.
  public static var currentID: UInt {
    #if canImport(Darwin)
      UInt(bitPattern: pthread_self())
    #else
      UInt(pthread_self())
    #endif
  }
}

private final class ThreadStart: Sendable {
  private let name: StaticString
  private let body: @Sendable () -> Void

  init(_ name: StaticString, _ body: @escaping @Sendable () -> Void) {
    self.name = name
    self.body = body
  }

  func run() {
    // The name is a literal, which ends with 0.
    UnsafeRawPointer(name.utf8Start).withMemoryRebound(to: CChar.self, capacity: name.utf8CodeUnitCount + 1) {
      tidings_name_thread($0)
    }
    body()
  }
}

private func run(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let argument else { return nil }
  // Balances `passRetained` at the start: exactly one thread gets this pointer.
  Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue().run()
  return nil
}
