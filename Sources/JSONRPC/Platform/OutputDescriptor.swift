import LibC

/// The descriptor to which answers are written. Where the system allows it, a write takes as many bytes as
/// fit and returns, so that a host that does not read can't hold up a thread. The descriptor's own flags are
/// not changed, since other processes may share them.
struct OutputDescriptor: Sendable {
  private let descriptor: Int32
  private let kind: Kind
  private let isOwned: Bool

  private enum Kind {
    /// Writes return at once.
    case nonblocking
    case socket
    /// A pipe that could not be reopened: while poll(2) reports it as writable, `PIPE_BUF` bytes fit.
    case pieces
    /// A file or a terminal, on which a write may block.
    case blocking
  }

  enum Outcome: Equatable {
    case wrote(Int)
    case wouldBlock
    case failed(Int32)
  }

  init(_ given: Int32) {
    var status = stat()
    guard fstat(given, &status) == 0 else {
      self.init(given, .blocking, isOwned: false)
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFSOCK: self.init(given, .socket, isOwned: false)
    case S_IFIFO:
      if fcntl(given, F_GETFL) & O_NONBLOCK != 0 {
        self.init(given, .nonblocking, isOwned: false)
        return
      }
      // Reopening a pipe gives an open file description of our own, which alone gets the flag.
      let own = open("/proc/self/fd/\(given)", O_WRONLY | O_NONBLOCK | O_CLOEXEC)
      if own >= 0 {
        self.init(own, .nonblocking, isOwned: true)
      } else {
        self.init(given, .pieces, isOwned: false)
      }
    default: self.init(given, .blocking, isOwned: false)
    }
  }

  private init(_ descriptor: Int32, _ kind: Kind, isOwned: Bool) {
    self.descriptor = descriptor
    self.kind = kind
    self.isOwned = isOwned
  }

  /// Whether `write` never blocks.
  var returnsAtOnce: Bool { kind != .blocking }

  /// Writes as many of the first bytes as fit.
  func write(_ bytes: UnsafeRawBufferPointer) -> Outcome {
    while true {
      let count =
        switch kind {
        case .nonblocking, .blocking: systemWrite(descriptor, bytes.baseAddress, bytes.count)
        case .socket: send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT))
        case .pieces:
          isWritable
            ? systemWrite(descriptor, bytes.baseAddress, min(bytes.count, Int(PIPE_BUF))) : blocked()
        }
      if count >= 0 { return .wrote(count) }
      switch errno {
      case EINTR: continue
      case EAGAIN, EWOULDBLOCK: return .wouldBlock
      default: return .failed(errno)
      }
    }
  }

  /// Sleeps until more bytes fit, or until woken; false if the time is over first.
  func sleepUntilWritable(orWokenBy wake: WakePipe, milliseconds: Int32) -> Bool {
    let (isReady, isWoken) = wake.sleep(until: descriptor, Int32(POLLOUT), milliseconds: milliseconds)
    return isReady || isWoken
  }

  /// Closes the descriptor if `init` opened it.
  func closeOwned() {
    if isOwned { close(descriptor) }
  }

  private var isWritable: Bool {
    var polled = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return systemPoll(&polled, 1, 0) > 0
  }

  private func blocked() -> Int {
    errno = EAGAIN
    return -1
  }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
