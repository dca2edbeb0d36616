import Logging
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Writing. The thread that answers a call also writes, as long as that does not block; a thread of its own
/// writes everything else.
extension Connection {
  private enum WriterStep: Sendable {
    case write([UInt8], from: Int)
    case sleep
    case end
  }

  /// Sets the framing of answers, which is that of the requests.
  func setFraming(_ framing: Framing) {
    let isHeaders = framing == .headers
    guard isHeaders != usesHeaders.load(ordering: .relaxed) else { return }
    usesHeaders.store(isHeaders, ordering: .relaxed)
    state.withLock { $0.outbox.framing = isHeaders ? .headers : .lines }
  }

  /// Writes as many of the queued bytes as fit, in at most this many segments, and leaves the rest to the
  /// writing thread: the calling thread has other work to do.
  func flush(segments: Int = .max) {
    var written = 0
    while output.returnsAtOnce, written < segments {
      written += 1
      let taken = state.withLock { state -> (segment: [UInt8], offset: Int)? in
        guard state.mayFlush, let taken = state.outbox.take() else { return nil }
        state.isWriting = true
        return taken
      }
      guard var taken, case .all = write(&taken.segment, from: taken.offset) else { break }
    }
    if state.withLock({ $0.wakesWriter() }) { writerWake.wake() }
  }

  /// The body of the writing thread.
  func runWriter() {
    var hasReported = false
    while true {
      let step = state.withLock { state -> WriterStep in
        if !state.isWriting, let (segment, offset) = state.outbox.take() {
          state.isWriting = true
          state.isStalled = false
          return .write(segment, from: offset)
        }
        if state.writerMayEnd { return .end }
        state.writerSleeps = true
        return .sleep
      }
      switch step {
      case .end: return
      case .sleep: writerWake.sleep()
      case .write(var segment, let offset):
        if case .rest = write(&segment, from: offset) { waitForHost(&hasReported) }
      }
    }
  }

  /// Lets the writing thread end once everything is written, or at once if `discarding`.
  func endWriter(discarding: Bool) {
    state.withLock { state in
      if discarding { state.outbox.close() }
      state.writerMayEnd = true
      state.writerSleeps = false
    }
    writerWake.wake()
  }

  private enum Written { case all, rest }

  /// Writes one segment and returns the outcome.
  private func write(_ segment: inout [UInt8], from start: Int) -> Written {
    var offset = start
    while offset < segment.count {
      let outcome = segment.withUnsafeBytes {
        output.write(UnsafeRawBufferPointer(rebasing: $0[offset...]))
      }
      switch outcome {
      case .wrote(let count): offset += count
      case .wouldBlock:
        wrote(offset - start) { state in
          state.isStalled = true
          state.outbox.putBack(segment, offset: offset)
        }
        return .rest
      case .failed(let code):
        outputFailed(code)
        return .all
      }
    }
    wrote(offset - start) { $0.outbox.recycle(&segment) }
    return .all
  }

  /// Counts what was written, and does what follows.
  private func wrote(_ count: Int, _ body: (inout ConnectionState) -> Void) {
    let actions = state.withLock { state in
      state.isWriting = false
      state.outbox.wrote(count)
      body(&state)
      return state.actionsAfterWrite(limits)
    }
    perform(actions)
  }

  /// Sleeps until the host has taken something. Reports the first time that this takes long.
  private func waitForHost(_ hasReported: inout Bool) {
    if !hasReported {
      let limit = Int32(clamping: limits.stallMilliseconds)
      if output.sleepUntilWritable(orWokenBy: writerWake, milliseconds: limit) { return }
      hasReported = true
      let bytes = state.withLock { $0.outbox.queuedBytes }
      logger.warning("the host does not read its answers", metadata: ["bytes": "\(bytes)"])
    }
    while !output.sleepUntilWritable(orWokenBy: writerWake, milliseconds: -1) {}
  }

  /// Handles that the host no longer reads: the queued bytes will never be written.
  private func outputFailed(_ code: Int32) {
    // This comes before the queue is emptied: a thread that finds that everything is done also finds the
    // reason.
    stopReading(.outputClosed)
    let isFirst = state.withLock { state in
      state.isWriting = false
      defer { state.outbox.close() }
      return !state.outbox.isClosed
    }
    if isFirst {
      logger.error(
        "the host closed the output", metadata: ["error": "\(SystemError("write", code: code))"])
    }
    readerWake.wake()
  }
}
