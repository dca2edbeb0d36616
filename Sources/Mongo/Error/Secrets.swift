import Locks

/// The passwords that no text may show: neither an error nor the log.
enum Secrets {
  // Held for a look or an entry.
  private static let known = Locked<Set<String>>([])

  /// Remembers passwords for ``redact(_:)``.
  static func keep(_ secrets: [String]) {
    known.withLock { $0.formUnion(secrets.filter { !$0.isEmpty }) }
  }

  /// Returns the text without any password that is known.
  static func redact(_ text: String) -> String {
    let secrets = known.withLock { $0 }
    guard !secrets.isEmpty else { return text }
    return secrets.reduce(text) { $0.replacingAll($1, with: "***") }
  }
}

extension String {
  /// Replaces every occurrence, byte by byte.
  fileprivate func replacingAll(_ part: String, with other: String) -> String {
    let text = Array(utf8)
    let part = Array(part.utf8)
    guard text.count >= part.count else { return self }
    var result: [UInt8] = []
    var index = 0
    while index < text.count {
      if text[index...].starts(with: part) {
        result.append(contentsOf: other.utf8)
        index += part.count
      } else {
        result.append(text[index])
        index += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
