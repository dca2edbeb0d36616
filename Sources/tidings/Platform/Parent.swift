import LibC

/// The process that started this one: the host, or a program through which the host starts others.
struct Parent: Sendable {
  /// Its process id.
  let id = getppid()

  /// Runs `body` on a thread of its own, within about a second after the parent has ended.
  ///
  /// A process whose parent has ended gets another parent, so polling the parent's id detects the end. A
  /// signal at the parent's death would come too early: as soon as the thread ends that started this process.
  func onEnd(_ body: @escaping @Sendable () -> Void) throws(CommandError) {
    try SystemLimits.startThread("watch the host") {
      while getppid() == id { sleep(1) }
      body()
    }
  }
}
