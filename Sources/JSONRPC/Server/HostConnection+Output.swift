import LibC
import Logging
import Synchronization

/// Writing. The thread that answers a call also writes, as long as that does not block; a thread of its own
/// writes everything else.
extension HostConnection {
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
    var left = output.returnsAtOnce ? segments : 0
    var step = state.withLock { $0.flushStep(left) }
    while case .write(var segment, let offset) = step {
      left -= 1
      step = write(&segment, from: offset) { $0.flushStep(left) }
    }
    if case .wakeWriter = step { writerWake.wake() }
  }

  /// The body of the writing thread.
  func runWriter() {
    var hasReported = false
    var step = state.withLock { $0.writerStep() }
    while true {
      switch step {
      case .end: return
      case .sleep:
        writerWake.sleep()
        step = state.withLock { $0.writerStep() }
      case .waitForHost:
        waitForHost(&hasReported)
        step = state.withLock { state in
          state.isStalled = false
          return state.writerStep()
        }
      case .write(var segment, let offset): step = write(&segment, from: offset) { $0.writerStep() }
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

  /// Writes one segment. Returns what is next, which the state says under the same lock.
  private func write<Step: Sendable>(
    _ segment: inout [UInt8], from start: Int, _ next: (inout ConnectionState) -> Step
  ) -> Step {
    var offset = start
    var isStalled = false
    while offset < segment.count, !isStalled {
      let outcome = segment.withUnsafeBytes {
        output.write(UnsafeRawBufferPointer(rebasing: $0[offset...]))
      }
      switch outcome {
      case .wrote(let count): offset += count
      case .wouldBlock: isStalled = true
      case .failed(let code):
        outputFailed(code)
        return state.withLock { next(&$0) }
      }
    }
    let (step, actions) = state.withLock { state in
      state.isWriting = false
      state.outbox.wrote(offset - start)
      if isStalled {
        state.isStalled = true
        state.outbox.putBack(segment, offset: offset)
      } else {
        state.outbox.recycle(&segment)
      }
      return (next(&state), state.actionsAfterWrite(limits))
    }
    perform(actions)
    return step
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
