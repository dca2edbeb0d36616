#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A mutex with condition variables, for threads that wait for one another.
///
/// `@unchecked Sendable`: the mutex and the signals live at a fixed address from init to deinit, and pthreads
/// allow every thread to use them.
public final class Lock: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

  /// A lock that nobody holds.
  public init() {
    let result = pthread_mutex_init(mutex, nil)
    precondition(result == 0, "pthread_mutex_init failed: \(result)")
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// Runs `body` with the lock held by this thread, which must not have it already.
  public func withLock<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body()
  }

  /// A condition variable: something to wait for under a lock.
  ///
  /// `@unchecked Sendable` for the same reason as the lock.
  public final class Signal: @unchecked Sendable {
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// A signal that nobody waits for yet.
    public init() {
      #if canImport(Darwin)
        let result = pthread_cond_init(condition, nil)
      #else
        // Deadlines must not move with the wall clock.
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        let result = pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
      #endif
      precondition(result == 0, "pthread_cond_init failed: \(result)")
    }

    deinit {
      pthread_cond_destroy(condition)
      condition.deallocate()
    }

    /// Wakes one thread that waits.
    public func signal() {
      pthread_cond_signal(condition)
    }

    /// Wakes all threads that wait.
    public func broadcast() {
      pthread_cond_broadcast(condition)
    }

    /// Waits; this thread must hold the lock, and holds it again afterwards. May wake without a signal.
    public func wait(_ lock: Lock) {
      pthread_cond_wait(condition, lock.mutex)
    }

    /// Waits as ``wait(_:)`` does, for at most this long.
    public func wait(_ lock: Lock, atMost duration: Duration) {
      let (seconds, attoseconds) = max(duration, .zero).components
      let nanoseconds = Int(attoseconds / 1_000_000_000)
      var time = timespec()
      #if canImport(Darwin)
        time.tv_sec = Int(seconds)
        time.tv_nsec = nanoseconds
        pthread_cond_timedwait_relative_np(condition, lock.mutex, &time)
      #else
        clock_gettime(CLOCK_MONOTONIC, &time)
        time.tv_sec += Int(seconds)
        time.tv_nsec += nanoseconds
        if time.tv_nsec >= 1_000_000_000 {
          time.tv_sec += 1
          time.tv_nsec -= 1_000_000_000
        }
        pthread_cond_timedwait(condition, lock.mutex, &time)
      #endif
    }
  }
}
