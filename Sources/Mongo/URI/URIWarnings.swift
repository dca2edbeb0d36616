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
  /// Returns the text with everything replaced by `***` that may be the user and password of a URL: for
  /// errors that quote somebody's input. Removes too much rather than too little.
  public static func withoutLogins(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    while let start = end(of: "://", in: rest) {
      result += rest[..<start]
      rest = rest[start...]
      // A login ends at the last '@' of a URL; a badly encoded login may contain blanks.
      let line = rest.prefix { !$0.isNewline }
      let word = line.prefix { !$0.isWhitespace }
      let url = word.contains("@") || !word.contains(":") ? word : line
      guard let at = url.lastIndex(of: "@") else { continue }
      result += "***"
      rest = rest[at...]
    }
    return result + rest
  }

  private static func end(of mark: String, in text: Substring) -> Substring.Index? {
    var start = text.startIndex
    while start < text.endIndex {
      if text[start...].hasPrefix(mark) { return text.index(start, offsetBy: mark.count) }
      start = text.index(after: start)
    }
    return nil
  }
}
