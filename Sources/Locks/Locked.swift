import LibC

/// A value that one thread at a time may look at or change.
///
/// The mutex is the system's own rather than `Synchronization.Mutex`, which ThreadSanitizer can't see into on
/// Linux: with this one it checks everything around the lock.
///
/// Unchecked: `value` is reached only between locking and unlocking.
public final class Locked<Value: Sendable>: @unchecked Sendable {
  // The mutex and the value are allocated once and never move, as a mutex demands; they go with the last
  // reference.
  @usableFromInline let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  @usableFromInline let value = UnsafeMutablePointer<Value>.allocate(capacity: 1)

  /// Wraps a value that nobody holds yet.
  @inlinable
  public init(_ initial: Value) {
    value.initialize(to: initial)
    let status = pthread_mutex_init(mutex, nil)
    precondition(status == 0, "pthread_mutex_init")
  }

  @inlinable
  deinit {
    pthread_mutex_destroy(mutex)
    value.deinitialize(count: 1)
    mutex.deallocate()
    value.deallocate()
  }

  /// Runs `body` with exclusive access to the value. `body` must neither block nor take the same lock again.
  @inlinable @inline(__always)
  public func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(&value.pointee)
  }
}
