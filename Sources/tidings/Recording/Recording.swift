import Dispatch
import Foundation
import JSONRPC
import Locks
import Logging
import Transcript

/// Writes a conversation to a file as it goes, as a transcript that `tidings replay` plays.
///
/// A request is in the file before anything is done about it, so that a crash is recorded with its cause.
final class Recording: ConversationObserver {
  /// Where it is written.
  let path: String
  // One after the other, in the order of the calls: this queue is what writes.
  private let queue = DispatchQueue(label: "recording")
  // Only what runs on the queue takes it: nobody ever waits for it, so that writing under it holds up no one.
  private let state: Locked<State>
  private let logger: Logger

  private struct State {
    var recorder: Recorder
    /// Nil once writing has failed, or all is written.
    var file: Int32?
  }

  /// Makes a file that only its owner may read. One that exists is left alone: its name gets a number, since a
  /// host that starts its program again starts it with the same arguments.
  init(path: String, keepsContent: Bool, logger: Logger) throws(Failure) {
    var (name, file) = (path, Self.make(path))
    var number = 2
    while file < 0, errno == EEXIST, number < 10_000 {
      name = "\(path).\(number)"
      file = Self.make(name)
      number += 1
    }
    guard file >= 0 else {
      throw Failure(.cannotCreate, "the recording \(name) can't be made: \(String(cString: strerror(errno)))")
    }
    self.path = name
    self.logger = logger
    state = Locked(State(recorder: Recorder(keepsContent: keepsContent), file: file))
  }

  private static func make(_ path: String) -> Int32 {
    open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
  }

  /// Writes a remark.
  func comment(_ text: String) {
    queue.sync { write { _ in Recorder.comment(text) } }
  }

  func received(_ message: [UInt8]) {
    queue.sync { write { $0.received(message) } }
  }

  func receivedUnreadable(_ reason: String) {
    queue.sync { write { $0.receivedUnreadable(reason) } }
  }

  func sent(_ message: [UInt8]) {
    queue.async { self.write { $0.sent(message) } }
  }

  /// Writes what is left and, if the host said `exit`, the status that follows.
  func finish(_ ending: Ending) {
    queue.sync {
      write { _ in
        if case .exit = ending { Recorder.exit(ending.status) } else { [] }
      }
      state.withLock { state in
        if let file = state.file.take() { close(file) }
      }
    }
  }

  private func write(_ steps: (inout Recorder) -> [UInt8]) {
    state.withLock { state in
      guard let file = state.file else { return }
      var rest = steps(&state.recorder)[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
        if count < 0 {
          if errno == EINTR { continue }
          let error = String(cString: strerror(errno))
          logger.error("recording has ended", metadata: ["path": "\(path)", "error": "\(error)"])
          close(file)
          state.file = nil
          return
        }
        rest = rest.dropFirst(count)
      }
    }
  }
}
