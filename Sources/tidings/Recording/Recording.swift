import Dispatch
import JSONRPC
import LibC
import Locks
import Logging
import SQLiteStore
import Transcript

/// Writes a conversation to a file while it takes place, as a transcript for `tidings replay`.
///
/// A request is in the file before it is handled, so that a crash is recorded with its cause.
final class Recording: ConversationObserver {
  /// The path of the file.
  let path: String
  // All writing is on this queue, in the order of the calls.
  private let queue = DispatchQueue(label: "recording")
  // Locked only on the queue: no thread ever waits for it, so writing while it is locked holds up no thread.
  private let state: Locked<State>
  private let logger: Logger

  private struct State {
    var recorder: Recorder
    /// Nil once writing has failed, or everything is written.
    var file: Descriptor?
  }

  /// Creates a file that only its owner may read. An existing file is not changed: the new file's name gets a
  /// number, since a host that starts its program again starts it with the same arguments.
  ///
  /// - Parameters:
  ///   - path: the file's path.
  ///   - keepsContent: whether the content of messages is kept.
  ///   - depth: the greatest depth of nested arrays and objects in a request.
  init(path: String, keepsContent: Bool, depth: Int, logger: Logger) throws(CommandError) {
    if let what = Self.other(at: path) {
      throw CommandError(.cannotCreate, "the recording \(path) can't be created: that is \(what), not a file")
    }
    var (name, file) = (path, Self.make(path))
    var number = 2
    while file < 0, errno == EEXIST, number < 10_000 {
      name = "\(path).\(number)"
      file = Self.make(name)
      number += 1
    }
    guard file >= 0 else {
      let why = errno == ENOENT ? "its folder does not exist" : String(cString: strerror(errno))
      throw CommandError(.cannotCreate, "the recording \(name) can't be created: \(why)")
    }
    self.path = name
    self.logger = logger
    state = Locked(
      State(
        recorder: Recorder(keepsContent: keepsContent, maximumDepth: depth),
        file: Descriptor(number: file)))
  }

  private static func make(_ path: String) -> Int32 {
    FilePath(bytes: path.systemBytes).withCString {
      open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    }
  }

  /// The kind of thing at a path, if it is not a file: a numbered recording beside a device is not what was
  /// meant.
  private static func other(at path: String) -> String? {
    var status = stat()
    guard FilePath(bytes: path.systemBytes).withCString({ stat($0, &status) }) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return nil
    case S_IFDIR: return "a folder"
    case S_IFIFO: return "a pipe"
    case S_IFSOCK: return "a socket"
    default: return "a device"
    }
  }

  /// Writes a comment.
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

  /// Writes the remaining steps and, if the host sent `exit`, the exit status that follows.
  func finish(_ ending: Ending) {
    queue.sync {
      write { _ in
        if case .exit = ending { Recorder.exit(ending.status) } else { [] }
      }
      state.withLock { state in
        state.file.take()?.close()
      }
    }
  }

  private func write(_ steps: (inout Recorder) -> [UInt8]) {
    state.withLock { state in
      guard let file = state.file else { return }
      do throws(SystemError) {
        try file.write(steps(&state.recorder))
      } catch {
        let why = String(cString: strerror(error.code))
        logger.error("recording has ended", metadata: ["path": "\(path)", "error": "\(why)"])
        file.close()
        state.file = nil
      }
    }
  }
}
