import Inbox
import JSON
import Logging

/// One line of the log. Text of a host or a path in it can't end the line, look like another field, or
/// control a terminal.
struct LogLine {
  var time: Timestamp
  var level: Logger.Level
  var message: String
  var fields: [(key: String, value: String)]

  /// The line without its line end. At most `valueBytes` bytes of each value are shown.
  func text(_ format: StderrLog.Format, valueBytes: Int) -> [UInt8] {
    switch format {
    case .json: json(valueBytes)
    case .text: text(valueBytes)
    }
  }

  private func json(_ valueBytes: Int) -> [UInt8] {
    var writer = JSONWriter(reserving: 256)
    writer.beginObject()
    writer.member("time", millisecondsSince1970: time)
    writer.member("level", level.rawValue)
    writer.member("message", message.cut(at: valueBytes))
    for (key, value) in fields {
      writer.key(key)
      writer.string(value.cut(at: valueBytes))
    }
    writer.endObject()
    return writer.take().without(.terminal)
  }

  private func text(_ valueBytes: Int) -> [UInt8] {
    var writer = JSONWriter(reserving: 64)
    writer.date(millisecondsSince1970: time)
    let time = writer.bytes.dropFirst().dropLast()
    let shown = fields.map { " \($0.key)=\(Self.field($0.value.cut(at: valueBytes)))" }.joined()
    return time + Array(" \(level.rawValue): \(message.cut(at: valueBytes).shown())\(shown)".utf8)
  }

  /// A value in logfmt: in quotes if it would not be one word.
  private static func field(_ value: String) -> String {
    let isWord = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && !"\"=".utf8.contains($0) }
    if isWord { return value.shown() }
    var quoted = "\""
    for scalar in value.unicodeScalars {
      if scalar == "\"" || scalar == "\\" { quoted += "\\" }
      quoted.unicodeScalars.append(scalar)
    }
    return quoted.shown() + "\""
  }
}

extension String {
  /// The beginning of a text, followed by an ellipsis if the text is longer than `limit` bytes.
  fileprivate func cut(at limit: Int) -> String {
    guard utf8.count > limit else { return self }
    var kept = ""
    for scalar in unicodeScalars {
      if kept.utf8.count + UTF8.width(scalar) > limit { break }
      kept.unicodeScalars.append(scalar)
    }
    return kept + "…"
  }
}
