import LibC

/// Puts off, on one thread, work that several results need only once: the write that takes their answers to
/// the host. Named after TCP's cork, which does the same.
///
/// Not `Sendable`: it belongs to the thread that made it.
public final class Cork {
  private var pending: [(owner: ObjectIdentifier, body: () -> Void)] = []

  private init() {}

  // One slot for each thread; the frame of `together` owns the cork in it.
  private static let slot: pthread_key_t = {
    var key = pthread_key_t()
    let status = pthread_key_create(&key, nil)
    precondition(status == 0, "pthread_key_create")
    return key
  }()

  /// Runs `body`, which settles several results and must not block; then runs, once for each owner, the work
  /// that was put off meanwhile.
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

  /// The cork of this thread; nil outside of `together`.
  public static var current: Cork? {
    pthread_getspecific(slot).map { Unmanaged<Cork>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Runs `body` once all results are settled, unless the owner has already put work off.
  public func putOff(for owner: AnyObject, _ body: @escaping () -> Void) {
    let owner = ObjectIdentifier(owner)
    if !pending.contains(where: { $0.owner == owner }) { pending.append((owner, body)) }
  }
}
