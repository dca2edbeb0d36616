import Foundation
import Inbox
import JSON
import Logging

/// Writes log lines to stderr, as text for people or as JSON for programs.
struct StderrLog: LogHandler {
  /// How a line looks.
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
    let all = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
    var writer = JSONWriter(reserving: 256)
    switch format {
    case .json:
      writer.beginObject()
      writer.member("time", millisecondsSince1970: systemTime())
      writer.member("level", event.level.rawValue)
      writer.member("message", "\(event.message)")
      for (key, value) in all {
        writer.key(key)
        writer.string("\(value)")
      }
      writer.endObject()
      Self.write(writer.bytes)
    case .text:
      writer.date(millisecondsSince1970: systemTime())
      let time = writer.bytes.dropFirst().dropLast()
      let fields = all.map { " \($0.key)=\($0.value)" }.joined()
      Self.write(time + Array(" \(event.level.rawValue): \(event.message)\(fields)".utf8))
    }
  }

  /// Writes one line, or nothing: a host that never reads the log must not stop the answers. A pipe that is
  /// ready takes PIPE_BUF bytes whole, so lines stay whole too and are cut at that length.
  private static func write(_ line: [UInt8]) {
    let bytes = line.prefix(Int(PIPE_BUF) - 1) + [UInt8(ascii: "\n")]
    var stderr = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
    guard poll(&stderr, 1, 0) == 1, stderr.revents & Int16(POLLOUT) != 0 else { return }
    bytes.withUnsafeBytes { _ = Foundation.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
