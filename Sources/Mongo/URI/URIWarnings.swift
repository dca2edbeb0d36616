import Runtime

/// Warnings about weak connections: they are logged at the start, and the connection is used all the same.
enum URIWarnings {
  static func of(_ parts: URIParts, _ options: URIOptions, usesTLS: Bool) -> [String] {
    var warnings: [String] = []
    let hasLogin = parts.userInfo != nil || options.names.contains("authmechanism")
    if hasLogin, !usesTLS, !parts.hosts.allSatisfy(isThisMachine) {
      warnings.append(
        "the MongoDB URI sends credentials and messages to another machine without TLS: add tls=true")
    }
    for name in options.insecure {
      warnings.append("with \(name)=true of the MongoDB URI anybody may pose as the server")
    }
    return warnings
  }

  /// Whether traffic to this host stays on this machine.
  static func isThisMachine(_ host: String) -> Bool {
    // The path of a socket is percent-encoded.
    if host.lowercased().hasPrefix("%2f") || host.hasPrefix("[::1]") { return true }
    let name = (host.split(separator: ":", omittingEmptySubsequences: false).first ?? "").lowercased()
    if name == "localhost" { return true }
    let numbers = name.split(separator: ".", omittingEmptySubsequences: false)
    return numbers.count == 4 && numbers[0] == "127" && numbers.allSatisfy { UInt8($0) != nil }
  }
}

extension MongoURI {
  /// The text with whatever may be a user and a password in it replaced by `***`: for errors that quote what
  /// somebody gave, also where a URI lacks a slash or all of its beginning. Takes away too much rather than
  /// too little.
  public static func withoutLogins(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    while let start = startOfLogin(in: rest) {
      result += rest[..<start]
      rest = rest[start...]
      // A login ends at the last '@' of a URL; a badly encoded login may contain blanks.
      let line = rest.prefix { !$0.isNewline }
      let word = line.prefix { !$0.isWhitespace }
      let url = word.holds("@") || !word.holds(":") ? word : line
      if let at = url.lastIndex(of: "@") {
        result += "***@"
        rest = rest[rest.index(after: at)...]
      } else if let colon = word.firstIndex(of: ":") {
        result += rest[...colon]
        rest = rest[rest.index(after: colon)...]
      }
    }
    return result + rest
  }

  /// The place where a login may begin: behind `://`, or before the colon of `user:password`.
  private static func startOfLogin(in text: Substring) -> Substring.Index? {
    guard text.utf8.contains(UInt8(ascii: "@")) else { return nil }
    var wordStart = text.startIndex
    var index = text.startIndex
    while index < text.endIndex {
      let next = text.index(after: index)
      switch text[index] {
      case ":" where text[index...].hasPrefix("://"): return text.index(index, offsetBy: 3)
      case ":":
        let word = text[next...].prefix { !$0.isWhitespace }
        let mayBegin = word.first.map { !"/\\".contains($0) } ?? false
        let isLogin = mayBegin && !word.holds("://")
        if isLogin, wordStart < index { return wordStart }
        wordStart = next
      case "/", "\\", "\"", "'", "=": wordStart = next
      case let other where other.isWhitespace: wordStart = next
      default: break
      }
      index = next
    }
    return nil
  }
}
