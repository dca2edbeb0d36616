import JSON

extension Redaction {
  /// A JSON text in the form that is the same in a request and in its answers: on a line, an answer has escapes for
  /// some line ends and spaces for others, whatever was sent.
  static func withPlainLineEnds(_ text: some Sequence<UInt8>) -> [UInt8] {
    var rest = Array(text)[...]
    var plain: [UInt8] = []
    plain.reserveCapacity(rest.count)
    while let byte = rest.first {
      if byte != UInt8(ascii: "\\") {
        plain.append(byte == 0x0A || byte == 0x0D ? UInt8(ascii: " ") : byte)
        rest = rest.dropFirst()
      } else if let end = lineEnds.first(where: { rest.starts(with: $0.escape.utf8) }) {
        plain.append(contentsOf: end.character.utf8)
        rest = rest.dropFirst(end.escape.utf8.count)
      } else {
        plain.append(contentsOf: rest.prefix(2))
        rest = rest.dropFirst(2)
      }
    }
    return plain
  }

  private static let lineEnds = [
    (escape: #"\u0085"#, character: "\u{85}"), (escape: #"\u2028"#, character: "\u{2028}"),
    (escape: #"\u2029"#, character: "\u{2029}"),
  ]
}
