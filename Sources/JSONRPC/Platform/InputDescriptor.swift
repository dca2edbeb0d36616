import LibC

/// The descriptor from which requests are read.
struct InputDescriptor: Sendable {
  private let descriptor: Int32

  enum Outcome: Equatable {
    case read(Int)
    case end
    /// Another thread has woken this one.
    case woken
    case failed(Int32)
  }

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  /// Sleeps until there are bytes to read, or until woken, and reads the bytes that are there.
  func read(into buffer: UnsafeMutableRawBufferPointer, orWokenBy wake: WakePipe) -> Outcome {
    while true {
      let (isReady, isWoken) = wake.sleep(until: descriptor, Int32(POLLIN))
      if isWoken { return .woken }
      guard isReady else { continue }
      let count = systemRead(descriptor, buffer.baseAddress, buffer.count)
      if count > 0 { return .read(count) }
      if count == 0 { return .end }
      switch errno {
      // A host may hand over a non-blocking pipe, and another process may read from it as well.
      case EINTR, EAGAIN, EWOULDBLOCK: continue
      default: return .failed(errno)
      }
    }
  }
}

private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
  read(descriptor, bytes, count)
}
