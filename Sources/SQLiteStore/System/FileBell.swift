import LibC
import Locks

/// Wakes a thread when a file is written, by whichever process. Where the system doesn't tell that, the thread wakes
/// ten times a second.
final class FileBell: Sendable {
  private let isEnded = Monitor(false)

  #if os(Linux)
    /// The descriptor of inotify, and the file's number in it; -1 if there are no more of them (`fs.inotify` in
    /// sysctl).
    private let descriptor: Int32
    private let watch: Int32

    init(_ path: FilePath) {
      descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
      let descriptor = descriptor
      watch = descriptor < 0 ? -1 : path.withCString { inotify_add_watch(descriptor, $0, UInt32(IN_MODIFY)) }
    }

    deinit { if descriptor >= 0 { _ = close(descriptor) } }

    /// Blocks until the file is written, though not for longer than this; returns false once the bell is ended.
    func wait(atMost duration: Duration) -> Bool {
      guard watch >= 0 else { return pause(duration) }
      guard !isEnded.withLock({ $0 }) else { return false }
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      if poll(&entry, 1, Int32(duration / .milliseconds(1)) + 1) > 0 {
        // What they say is known; equal ones that follow each other are one.
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { events in
          _ = read(descriptor, events.baseAddress, events.count)
        }
      }
      return !isEnded.withLock { $0 }
    }

    /// Wakes the thread for good.
    func end() {
      isEnded.updateForAll { $0 = true }
      // The end of a watch is told as an event.
      if watch >= 0 { _ = inotify_rm_watch(descriptor, watch) }
    }
  #else
    init(_ path: FilePath) {}

    func wait(atMost duration: Duration) -> Bool { pause(duration) }

    func end() { isEnded.updateForAll { $0 = true } }
  #endif

  private func pause(_ duration: Duration) -> Bool {
    isEnded.wait(atMost: min(duration, .milliseconds(100))) { $0 ? () : nil } == nil
  }
}
