#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A thread of its own, for calls that block: these never run on the pool that Swift's tasks share.
struct Thread: Sendable {
  private let handle: Handle

  #if canImport(Darwin)
    // Unchecked: an opaque address, which the system's calls take on any thread.
    private struct Handle: @unchecked Sendable { let value: pthread_t }
  #else
    private struct Handle: Sendable { let value: pthread_t }
  #endif

  /// Starts a thread; nil if the system has none to give.
  init?(_ body: @escaping @Sendable () -> Void) {
    let start = Unmanaged.passRetained(ThreadStart(body))
    #if canImport(Darwin)
      var handle: pthread_t?
      let status = pthread_create(&handle, nil, { run($0) }, start.toOpaque())
      guard status == 0, let handle else {
        start.release()
        return nil
      }
      self.handle = Handle(value: handle)
    #else
      var handle = pthread_t()
      let status = pthread_create(&handle, nil, { run($0!) }, start.toOpaque())
      guard status == 0 else {
        start.release()
        return nil
      }
      self.handle = Handle(value: handle)
    #endif
  }

  /// Waits until the thread has ended. To be called once.
  func join() { pthread_join(handle.value, nil) }

  /// Lets the thread end by itself. To be called instead of `join`.
  func detach() { pthread_detach(handle.value) }

  /// A number that no other living thread has; never 0.
  static var currentID: UInt {
    #if canImport(Darwin)
      UInt(bitPattern: pthread_self())
    #else
      UInt(pthread_self())
    #endif
  }
}

private final class ThreadStart: Sendable {
  let body: @Sendable () -> Void
  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

private func run(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
  // Balances `passRetained` at the start: exactly one thread gets this pointer.
  Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue().body()
  return nil
}

/// The monotonic clock, in nanoseconds.
func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}
