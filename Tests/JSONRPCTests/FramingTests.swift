import Testing

@testable import JSONRPC

/// Every framing case is fed whole, byte by byte, and in every split into two.
struct FramingTests {
  private static func limits(_ bytes: Int) -> Limits {
    var limits = Limits()
    limits.requestBytes = bytes
    limits.headerBytes = 64
    return limits
  }

  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var input: [UInt8]
    var frames: [Frame]
    var framing = Framing.detect
    var limit = 16
    var testDescription: String { name }

    init(
      _ name: String, _ input: String, _ frames: [Frame], _ framing: Framing = .detect, limit: Int = 16
    ) {
      (self.name, self.input, self.frames, self.framing, self.limit) =
        (name, Array(input.utf8), frames, framing, limit)
    }
  }

  static func text(_ text: String) -> Frame { .message(Array(text.utf8)) }

  static let lines = [
    Case("nothing", "", []),
    Case("one line", "{}\n", [text("{}")]),
    Case("two lines", "{}\n[1]\n", [text("{}"), text("[1]")]),
    Case("CRLF", "{}\r\n[]\r\n", [text("{}"), text("[]")]),
    Case("blank lines", "\n\n \t\r\n{}\n\n\n", [text("{}")]),
    Case("blanks around", "  {} \t\n", [text("{}")]),
    Case("the last line without LF", "{}\n[2]", [text("{}"), text("[2]")]),
    Case("the last line with CR", "{}\r", [text("{}")]),
    Case("a byte order mark", "\u{FEFF}{}\n", [text("{}")]),
    Case("blanks, then a byte order mark", "\n \u{FEFF} {}\n", [text("{}")]),
    Case("a byte order mark on a line of its own", "\u{FEFF}\n{}\n", [text("{}")]),
    Case("a byte order mark later is part of its line", "{}\n\u{FEFF}1\n", [text("{}"), text("\u{FEFF}1")]),
    Case("a byte order mark alone", "\u{FEFF}", []),
    Case("as long as may be", "0123456789abcdef\n", [text("0123456789abcdef")]),
    Case("as long as may be, CRLF", "0123456789abcdef\r\n", [text("0123456789abcdef")]),
    Case("one byte longer", "0123456789abcdefg\n{}\n", [.oversize, text("{}")]),
    Case("much longer", String(repeating: "x", count: 200) + "\n{}\n", [.oversize, text("{}")]),
    Case("longer, without end", String(repeating: "x", count: 200), [.oversize]),
    Case("leading blanks don't count", String(repeating: " ", count: 99) + "{}\n", [text("{}")]),
    Case(
      "two that are too long", "aaaaaaaaaaaaaaaaaa\nbbbbbbbbbbbbbbbbbb\n1\n",
      [.oversize, .oversize, text("1")]),
    Case("the start of a header, no more", "content\n", [text("content")]),
    Case("Content without a dash", "Contents: 1\n", [text("Contents: 1")]),
    Case("a header after a line", "{}\nContent-Length: 1\n", [text("{}"), .oversize]),
    Case("lines are forced", "Content-L: 2\n", [text("Content-L: 2")], .lines),
    Case("lines are forced, with a mark", "\u{FEFF}{}\n", [text("{}")], .lines),
    Case("NUL is a byte like others", "\0\n", [text("\0")]),
  ]

  static let headers = [
    Case("one message", "Content-Length: 2\r\n\r\n{}", [text("{}")]),
    Case(
      "two messages", "Content-Length: 2\r\n\r\n{}Content-Length: 3\r\n\r\n[1]", [text("{}"), text("[1]")]),
    Case("any case", "cOnTeNt-LeNgTh:2\r\n\r\n{}", [text("{}")]),
    Case("blanks around the number", "Content-Length: \t2 \r\n\r\n{}", [text("{}")]),
    Case(
      "leading zeros", "Content-Length: " + String(repeating: "0", count: 27) + "2\r\n\r\n{}", [text("{}")]),
    Case("another header", "Content-Length: 2\nX: y\n\n{}", [text("{}")]),
    Case("LF alone", "Content-Length: 2\n\n{}", [text("{}")]),
    Case("a type as well", "Content-Type: a; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}", [text("{}")]),
    Case("a type behind", "Content-Length: 2\r\nContent-Type: a\r\n\r\n{}", [text("{}")]),
    Case("blanks and a mark before", "\r\n \u{FEFF}Content-Length: 2\r\n\r\n{}", [text("{}")]),
    Case(
      "a line break between messages", "Content-Length: 1\r\n\r\n1\r\nContent-Length: 1\r\n\r\n2",
      [text("1"), text("2")]),
    Case("an empty body", "Content-Length: 0\r\n\r\nContent-Length: 1\r\n\r\n2", [text(""), text("2")]),
    Case("line breaks in a body", "Content-Length: 4\r\n\r\n{\n}\n", [text("{\n}\n")]),
    Case(
      "too long", "Content-Length: 17\r\n\r\n0123456789abcdefgContent-Length: 1\r\n\r\n1",
      [.oversize, text("1")]),
    Case("the same length twice", "Content-Length: 1\r\nContent-Length: 1\r\n\r\n1", [text("1")]),
    Case(
      "two lengths", "Content-Length: 1\r\nContent-Length: 2\r\n\r\n1",
      [.lostSync("two different Content-Length headers")]),
    Case("no number", "Content-Length: x\r\n\r\n{}", [.lostSync("Content-Length is not a number of bytes")]),
    Case("a sign", "Content-Length: +2\r\n\r\n{}", [.lostSync("Content-Length is not a number of bytes")]),
    Case("negative", "Content-Length: -1\r\n\r\n", [.lostSync("Content-Length is not a number of bytes")]),
    Case("a fraction", "Content-Length: 5.0\r\n\r\n", [.lostSync("Content-Length is not a number of bytes")]),
    Case(
      "2^63", "Content-Length: 9223372036854775808\r\n\r\n",
      [.lostSync("Content-Length is not a number of bytes")]),
    Case(
      "30 digits", "Content-Length: " + String(repeating: "9", count: 30) + "\r\n\r\n",
      [.lostSync("Content-Length is not a number of bytes")]),
    Case("no digits", "Content-Length: \r\n\r\n{}", [.lostSync("Content-Length is not a number of bytes")]),
    Case(
      "2^64 + 2", "Content-Length: 18446744073709551618\r\n\r\n{}",
      [.lostSync("Content-Length is not a number of bytes")]),
    Case("no length", "Content-Type: a\r\n\r\n{}", [.lostSync("headers without Content-Length")]),
    Case("no colon behind the name", "Content-Length 5\r\n\r\n", [.lostSync("a header without a colon")]),
    Case(
      "a line behind a message", "Content-Length: 2\r\n\r\n{}{\"id\" 2}\n",
      [text("{}"), .lostSync("a header without a colon")]),
    Case(
      "many headers", "Content-Length: 2\r\n\r\n{}" + String(repeating: "X: y\r\n", count: 20),
      [text("{}"), .lostSync("the headers are longer than 64 bytes")]),
    Case("no colon", "Content-Length: 1\r\nhello\r\n\r\n1", [.lostSync("a header without a colon")]),
    Case(
      "no end", "Content-Length: " + String(repeating: "0", count: 100),
      [.lostSync("the headers are longer than 64 bytes")]),
    Case(
      "cut off in a body", "Content-Length: 9\r\n\r\n{}", [.lostSync("the stream ended within a message")]),
    Case(
      "cut off before a body", "Content-Length: 9\r\n\r\n", [.lostSync("the stream ended within a message")]),
    Case(
      "cut off in a name", "Content-Length: 2\r\n\r\n{}Content-Le",
      [text("{}"), .lostSync("the stream ended within a message")]),
    Case("cut off in the headers", "Content-Length: 9\r\n", [.lostSync("the stream ended within a message")]),
    Case(
      "lost for good", "Content-Length: x\r\nContent-Length: 1\r\n\r\n1",
      [.lostSync("Content-Length is not a number of bytes")]),
    Case("headers are forced", "X: y\r\nContent-Length: 2\r\n\r\n{}", [text("{}")], .headers),
    Case("headers are forced, a line comes", "{}\n", [.lostSync("a header without a colon")], .headers),
  ]

  @Test(arguments: lines + headers) func everySplit(_ example: Case) {
    let input = example.input
    #expect(frames(example, [input]) == example.frames)
    #expect(frames(example, input.map { [$0] }) == example.frames)
    for cut in 0...input.count {
      let parts = [Array(input[..<cut]), Array(input[cut...])]
      #expect(frames(example, parts) == example.frames, "cut at \(cut)")
    }
  }

  @Test func framingOfAnswers() {
    for (input, expected) in [
      ("", Framing.detect), ("Content", .detect), ("Content-", .headers), ("{", .lines),
      ("Contentment", .lines),
    ] {
      var framer = StreamFramer(.detect, limits: Self.limits(16))
      var position = 0
      Array(input.utf8).withUnsafeBytes { _ = framer.next(in: $0, from: &position) }
      #expect(framer.framing == expected, "\(input)")
    }
  }

  private func frames(_ example: Case, _ parts: [[UInt8]]) -> [Frame] {
    var framer = StreamFramer(example.framing, limits: Self.limits(example.limit))
    var result: [Frame] = []
    for part in parts {
      var position = 0
      part.withUnsafeBytes { bytes in
        while let frame = framer.next(in: bytes, from: &position) { result.append(frame) }
      }
      #expect(position == part.count)
    }
    while let frame = framer.finish() {
      result.append(frame)
      if result.count > 100 { break }
    }
    return result
  }
}
