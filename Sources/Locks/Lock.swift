import LibC

/// A mutex with its condition variable, for a ``Monitor``.
///
/// `@unchecked Sendable`: both live at a fixed address from init to deinit, and pthreads allow every thread to
/// use them.
@usableFromInline
final class Lock: @unchecked Sendable {
  @usableFromInline let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  /// A lock that nobody holds or waits for.
  @usableFromInline
  init() {
    var result = pthread_mutex_init(mutex, nil)
    precondition(result == 0, "pthread_mutex_init failed: \(result)")
    #if canImport(Darwin)
      result = pthread_cond_init(condition, nil)
    #else
      // Deadlines must not move with the wall clock.
      var attributes = pthread_condattr_t()
      pthread_condattr_init(&attributes)
      pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
      result = pthread_cond_init(condition, &attributes)
      pthread_condattr_destroy(&attributes)
    #endif
    precondition(result == 0, "pthread_cond_init failed: \(result)")
  }

  deinit {
    pthread_cond_destroy(condition)
    condition.deallocate()
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// Runs `body` with the lock held by this thread, which must not have it already.
  @inlinable @inline(__always)
  func withLock<R>(_ body: () -> R) -> R {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }

  /// Wakes one thread that waits.
  @usableFromInline
  func signal() { pthread_cond_signal(condition) }

  /// Wakes all threads that wait.
  @usableFromInline
  func broadcast() { pthread_cond_broadcast(condition) }

  /// Waits; this thread must hold the lock, and holds it again afterwards. May wake without a signal.
  @usableFromInline
  func wait() { pthread_cond_wait(condition, mutex) }

  /// Waits as ``wait()`` does, for at most this long.
  @usableFromInline
  func wait(atMost duration: Duration) {
    let (seconds, attoseconds) = max(duration, .zero).components
    let nanoseconds = Int(attoseconds / 1_000_000_000)
    var time = timespec()
    #if canImport(Darwin)
      time.tv_sec = Int(seconds)
      time.tv_nsec = nanoseconds
      pthread_cond_timedwait_relative_np(condition, mutex, &time)
    #else
      clock_gettime(CLOCK_MONOTONIC, &time)
      time.tv_sec += Int(seconds)
      time.tv_nsec += nanoseconds
      if time.tv_nsec >= 1_000_000_000 {
        time.tv_sec += 1
        time.tv_nsec -= 1_000_000_000
      }
      pthread_cond_timedwait(condition, mutex, &time)
    #endif
  }
}
