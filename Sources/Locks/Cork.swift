#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Puts off, on one thread, what several results need only once: the write that takes their answers to the
/// host. As TCP's cork, after which it is named.
///
/// Not `Sendable`: it belongs to the thread that has it.
public final class Cork {
  private var pending: [(owner: ObjectIdentifier, body: () -> Void)] = []

  private init() {}

  // One slot for each thread; what is in it is owned by the frame of `together`.
  private static let slot: pthread_key_t = {
    var key = pthread_key_t()
    let status = pthread_key_create(&key, nil)
    precondition(status == 0, "pthread_key_create")
    return key
  }()

  /// Runs `body`, which settles several results and must not block; then, once for each owner, what was put
  /// off meanwhile.
  public static func together<Result>(_ body: () throws -> Result) rethrows -> Result {
    guard current == nil else { return try body() }
    let cork = Cork()
    return try withExtendedLifetime(cork) {
      pthread_setspecific(slot, Unmanaged.passUnretained(cork).toOpaque())
      defer {
        pthread_setspecific(slot, nil)
        for (_, body) in cork.pending { body() }
      }
      return try body()
    }
  }

  /// The one that this thread has; nil outside of `together`.
  public static var current: Cork? {
    pthread_getspecific(slot).map { Unmanaged<Cork>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Runs `body` when all is settled, unless the owner has put something off already.
  public func putOff(for owner: AnyObject, _ body: @escaping () -> Void) {
    let owner = ObjectIdentifier(owner)
    if !pending.contains(where: { $0.owner == owner }) { pending.append((owner, body)) }
  }
}
