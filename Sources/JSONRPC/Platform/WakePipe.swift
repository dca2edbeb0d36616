import LibC

/// Wakes one thread that sleeps in poll(2), from any other thread. A wake before the sleep is not lost.
final class WakePipe: Sendable {
  let readEnd: Int32
  private let writeEnd: Int32

  init() throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SystemError("pipe") }
    readEnd = ends[0]
    writeEnd = ends[1]
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
    }
  }

  deinit {
    close(readEnd)
    close(writeEnd)
  }

  /// Ends the current sleep of the waiting thread, or its next one.
  func wake() {
    var byte: UInt8 = 1
    // A full pipe is fine: it means that a wake is already pending.
    while write(writeEnd, &byte, 1) < 0, errno == EINTR {}
  }

  /// Sleeps until woken, for at most this time; −1 sets no limit.
  func sleep(milliseconds: Int32 = -1) {
    _ = poll(milliseconds: milliseconds)
  }

  /// Sleeps until `descriptor` is ready or a wake arrives. Both results are false if neither happens in time.
  func sleep(
    until descriptor: Int32, _ events: Int32, milliseconds: Int32 = -1
  ) -> (isReady: Bool, isWoken: Bool) {
    poll(descriptor, events, milliseconds: milliseconds)
  }

  private func poll(
    _ descriptor: Int32 = -1, _ events: Int32 = 0, milliseconds: Int32
  ) -> (isReady: Bool, isWoken: Bool) {
    withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 2) { polled in
      polled[0] = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
      // poll(2) ignores a negative descriptor.
      polled[1] = pollfd(fd: descriptor, events: Int16(events), revents: 0)
      // A signal counts as a wake: a thread that slept checks its state again anyway.
      guard systemPoll(polled.baseAddress!, 2, milliseconds) >= 0 else { return (false, errno == EINTR) }
      let isWoken = polled[0].revents != 0
      if isWoken { drain() }
      return (polled[1].revents != 0, isWoken)
    }
  }

  private func drain() {
    withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
      while read(readEnd, buffer.baseAddress, buffer.count) == buffer.count {}
    }
  }
}

/// poll(2), under a name that a method called `poll` does not shadow.
func systemPoll(_ polled: UnsafeMutablePointer<pollfd>, _ count: Int, _ milliseconds: Int32) -> Int32 {
  poll(polled, nfds_t(count), milliseconds)
}
