import Foundation
import Synchronization

/// A process that outlives the tests for a moment: at the end of its input it ends the servers whose process
/// ids are in the folder, and removes the folder.
final class Guardian: Sendable {
  private static let script = """
    cat >/dev/null
    for file in "$1"/*/pid; do
      [ -s "$file" ] && kill -9 "$(cat "$file")" 2>/dev/null
    done
    sleep 0.2
    rm -rf "$1"
    """

  private let input: Mutex<FileHandle?>

  init(folder: URL) throws {
    let pipe = Pipe()
    // No other program that is started from here may hold the pipe open.
    for end in [pipe.fileHandleForReading, pipe.fileHandleForWriting] {
      _ = fcntl(end.fileDescriptor, F_SETFD, FD_CLOEXEC)
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", Self.script, "guardian", folder.path]
    process.standardInput = pipe
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    input = Mutex(pipe.fileHandleForWriting)
  }

  /// Ends the guardian's input, so that it does its work.
  func release() {
    let handle = input.withLock { handle in
      defer { handle = nil }
      return handle
    }
    do {
      try handle?.close()
    } catch {
      // Already closed: the guardian has seen the end of its input.
      return
    }
  }
}
