#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The end that requests are read from.
struct InputDescriptor: Sendable {
  private let descriptor: Int32

  enum Outcome: Equatable {
    case read(Int)
    case end
    /// Another thread wants to be heard.
    case woken
    case failed(Int32)
  }

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  /// Sleeps until there are bytes, and reads what is there.
  func read(into buffer: UnsafeMutableRawBufferPointer, orWokenBy wake: WakePipe) -> Outcome {
    while true {
      let (isReady, isWoken) = wake.sleep(until: descriptor, Int32(POLLIN))
      if isWoken { return .woken }
      guard isReady else { continue }
      let count = systemRead(descriptor, buffer.baseAddress, buffer.count)
      if count > 0 { return .read(count) }
      if count == 0 { return .end }
      switch errno {
      // A host may hand over a non-blocking pipe, and another process may read from it too.
      case EINTR, EAGAIN, EWOULDBLOCK: continue
      default: return .failed(errno)
      }
    }
  }
}

private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
  read(descriptor, bytes, count)
}
