import JSON

/// The nids and cursors that a conversation gave, and their placeholders: `<nA>` is the first nid, `<cB>` the
/// second cursor.
struct GivenNames {
  private var nids: [[UInt8]] = []
  private var cursors: [[UInt8]] = []

  /// The text with placeholders replaced by nids and cursors, if any were given.
  func fill(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var index = 0
    while index < text.count {
      if index + 4 <= text.count, text[index] == UInt8(ascii: "<"), text[index + 3] == UInt8(ascii: ">"),
        let given = text[index + 1] == UInt8(ascii: "n")
          ? nids : text[index + 1] == UInt8(ascii: "c") ? cursors : nil,
        !given.isEmpty
      {
        result += given[Int(text[index + 2] &- UInt8(ascii: "A")) % given.count]
        index += 4
      } else {
        result.append(text[index])
        index += 1
      }
    }
    return result
  }

  /// Adds every nid and cursor of a result.
  mutating func collect(_ result: JSON) {
    for element in result.elements { collect(element) }
    for (key, value) in result.members {
      if value.kind != .string {
        collect(value)
      } else if key.equals("nid") {
        Self.add(value, to: &nids)
      } else if key.equals("cursor") || key.equals("next_cursor") {
        Self.add(value, to: &cursors)
      }
    }
  }

  private static func add(_ value: JSON, to list: inout [[UInt8]]) {
    let text = Array(value.raw.dropFirst().dropLast())
    if !list.contains(text) { list.append(text) }
  }

  /// A transcript as lines `METHOD PARAMS`, with its own placeholders replaced by those of this target. Nids
  /// are numbered in the order in which they are expected, which is the order in which they are given.
  static func seed(_ transcript: Transcript) -> [UInt8] {
    var numbers: [String: Int] = [:]
    var counts: [Substring: Int] = [:]
    for pattern in transcript.expected {
      for match in String(decoding: pattern, as: UTF8.self).matches(of: /<(nid|cursor):[^<>]+>/)
      where numbers[String(match.0)] == nil {
        numbers[String(match.0)] = counts[match.1, default: 0]
        counts[match.1, default: 0] += 1
      }
    }
    let lines = transcript.sent.compactMap { message -> String? in
      guard let json = try? JSON(parsing: message), let method = json["method"]?.string,
        let params = json["params"], params.kind == .object
      else { return nil }
      return method + " " + String(decoding: params.raw, as: UTF8.self)
    }
    let text = lines.joined(separator: "\n").replacing(/<(nid|cursor):[^<>]+>/) { match in
      let letter = Unicode.Scalar(UInt8(ascii: "A") + UInt8(numbers[String(match.0), default: 0] % 26))
      return "<\(match.1.first!)\(letter)>"
    }
    return Array(text.utf8)
  }
}
