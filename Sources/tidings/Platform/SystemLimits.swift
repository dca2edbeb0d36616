import LibC
import Locks
import Runtime

/// The resources that the system must provide. Swift's tasks run on threads of libdispatch, which waits for
/// ever for a thread that it doesn't get, and ends the process without a message when it gets no descriptor.
enum SystemLimits {
  /// Throws unless this many descriptors can be opened, and as many threads can be started as the tasks run
  /// on.
  static func check(descriptors: Int) throws(CommandError) {
    try checkDescriptors(descriptors)
    let threads = max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1) + spareThreads
    guard SystemThread.canStart(threads) else { throw noThread }
  }

  /// The number of threads for those that the program starts itself, including the store's.
  private static let spareThreads = 10

  private static func checkDescriptors(_ count: Int) throws(CommandError) {
    var limit = rlimit()
    // The first limit can be raised up to the hard limit. If that fails, the present limit may be enough.
    if getrlimit(openFiles, &limit) == 0, limit.rlim_cur < limit.rlim_max, limit.rlim_cur < 1024 {
      limit.rlim_cur = min(limit.rlim_max, 1024)
      _ = setrlimit(openFiles, &limit)
    }
    var opened: [Int32] = []
    defer { for number in opened { close(number) } }
    for _ in 0..<count {
      let number = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
      guard number >= 0 else {
        throw CommandError(
          .system, "the system gives this program fewer than \(count) descriptors (see ulimit -n)")
      }
      opened.append(number)
    }
  }

  /// Runs `body` on a thread of its own, where it may block.
  static func startThread(_ name: StaticString, _ body: @escaping @Sendable () -> Void) throws(CommandError) {
    guard SystemThread.start(named: name, body) else { throw noThread }
  }

  private static let noThread = CommandError(
    .system, "the system gives this program too few threads (see ulimit -u, and pids.max of its group)")

  #if canImport(Darwin)
    private static let openFiles = RLIMIT_NOFILE
  #else
    private static let openFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  #endif
}
