import Inbox
import JSON
import LibC
import Logging
import Runtime

/// Writes log lines to stderr, as text for people or as JSON for programs.
struct StderrLog: LogHandler {
  /// The format of a line.
  enum Format: String, CaseIterable, Sendable {
    case text
    case json
  }

  let format: Format
  var logLevel = Logger.Level.info
  var metadata: Logger.Metadata = [:]

  init(format: Format) {
    self.format = format
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
    let line = LogLine(
      time: systemTime(), level: event.level, message: "\(event.message)",
      fields: fields.map { ($0.key, "\($0.value)") })
    // If a line is too long, it is made again with less of each value, so that it stays complete.
    for valueBytes in [1_024, 256, 64] {
      let text = line.text(format, valueBytes: valueBytes)
      if text.count < Self.lineBytes || valueBytes == 64 { return Self.write(text) }
    }
  }

  /// The largest line, in bytes: a pipe that is ready takes this many bytes at once, so lines stay whole.
  private static let lineBytes = Int(PIPE_BUF)

  /// Writes one line, or nothing: a host that never reads the log must not stop the answers.
  private static func write(_ line: [UInt8]) {
    let bytes = line.prefix(lineBytes - 1) + [UInt8(ascii: "\n")]
    var stderr = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
    guard poll(&stderr, 1, 0) == 1, stderr.revents & Int16(POLLOUT) != 0 else { return }
    bytes.withUnsafeBytes { _ = systemWrite($0) }
  }
}

// The system call, whose name the method above shadows.
private func systemWrite(_ bytes: UnsafeRawBufferPointer) -> Int {
  write(STDERR_FILENO, bytes.baseAddress, bytes.count)
}
