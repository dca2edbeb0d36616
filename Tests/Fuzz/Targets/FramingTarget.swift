@testable import JSONRPC

extension FuzzTarget {
  /// Both framers: any split of a stream gives the same frames; lines are the same as after splitting at LF;
  /// messages that are sent with headers come out unchanged.
  ///
  /// The first two bytes of the input choose the framing, the limit and the splits; the rest is the stream.
  static let framing = FuzzTarget(
    name: "framing",
    check: { input in
      guard input.count >= 2 else { return }
      let choice = FramingChoice(input[0], input[1])
      let stream = Array(input[2...])
      if choice.wraps { try checkWrapped(stream, choice) } else { try check(stream, choice) }
    },
    seeds: { transcripts in
      let choices: [UInt8] = [0, 1, 2, 3, 12]
      let streams: [[UInt8]] = transcripts.flatMap { transcript in
        [Array(transcript.sent.joined(separator: [0x0A])), transcript.sent.flatMap { wrapped($0) }]
      }
      return streams.flatMap { stream in choices.map { [$0, 7] + stream.prefix(1_000) } }
    })

  private static func check(_ stream: [UInt8], _ choice: FramingChoice) throws {
    let whole = try frames(choice, stream, [stream.count])
    try require(try frames(choice, stream, stream.map { _ in 1 }) == whole, "byte by byte")
    try require(try frames(choice, stream, choice.sizes(of: stream.count)) == whole, "in parts")
    if let lines = linesAsSplit(stream, choice) { try require(lines == whole, "lines") }
  }

  /// Checks parts of the stream as bodies of messages with headers.
  private static func checkWrapped(_ stream: [UInt8], _ choice: FramingChoice) throws {
    var (sent, expected): ([UInt8], [Frame]) = ([], [])
    var start = 0
    for size in choice.sizes(of: stream.count) {
      let body = Array(stream[start..<start + size])
      start += size
      sent += wrapped(body)
      expected.append(body.count > choice.limit ? .oversize : .message(body))
    }
    try require(try frames(choice, sent, choice.sizes(of: sent.count)) == expected, "bodies with headers")
  }

  private static func wrapped(_ body: [UInt8]) -> [UInt8] {
    Array("Content-Length: \(body.count)\r\n\r\n".utf8) + body
  }

  /// The frames of a stream that arrives in parts of these sizes.
  private static func frames(_ choice: FramingChoice, _ stream: [UInt8], _ sizes: [Int]) throws -> [Frame] {
    var limits = Limits()
    limits.requestBytes = choice.limit
    limits.headerBytes = 64
    var framer = StreamFramer(choice.framing, limits: limits)
    var result: [Frame] = []
    try stream.withUnsafeBytes { stream in
      var start = 0
      for size in sizes {
        // Within the stream: the sizes add up to its length.
        let part = UnsafeRawBufferPointer(rebasing: stream[start..<start + size])
        start += size
        var position = 0
        while let frame = framer.next(in: part, from: &position) { result.append(frame) }
        try require(position == part.count, "bytes are left")
      }
    }
    if let last = framer.finish() { result.append(last) }
    try require(framer.finish() == nil, "more than one frame at the end")
    for case .message(let bytes) in result { try require(bytes.count <= choice.limit, "over the limit") }
    return result
  }

  /// The frames of the stream as lines, found in another way; nil if the stream may have headers.
  private static func linesAsSplit(_ stream: [UInt8], _ choice: FramingChoice) -> [Frame]? {
    func blank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    var rest = stream[...]
    while true {
      rest = rest.drop(while: blank)
      guard rest.starts(with: mark) else { break }
      rest = rest.dropFirst(mark.count)
    }
    let start = String(decoding: rest.prefix(8), as: UTF8.self).lowercased()
    guard choice.framing == .lines || choice.framing == .detect && start != "content-" else { return nil }
    return rest.split(separator: 0x0A).compactMap { line in
      let line = line.drop(while: blank)
      if line.isEmpty { return nil }
      // A line may be one byte longer than the limit, for the CR.
      guard line.count <= choice.limit + 1 else { return .oversize }
      let message = Array(line.reversed().drop(while: blank).reversed())
      return message.count <= choice.limit ? .message(message) : .oversize
    }
  }
}

/// The choices that the first bytes of an input make.
private struct FramingChoice {
  let framing: Framing
  let limit: Int
  let wraps: Bool
  private let seed: UInt8

  init(_ first: UInt8, _ second: UInt8) {
    let choice = first & 3
    wraps = choice == 3
    framing = [Framing.detect, .lines, .headers, .headers][Int(choice)]
    limit = [16, 64, 200, 4096][Int(first >> 2 & 3)]
    seed = second
  }

  /// The sizes of the parts of `count` bytes; they vary, and some are 0.
  func sizes(of count: Int) -> [Int] {
    var sizes: [Int] = []
    var rest = count
    var state = UInt32(seed) &+ 1
    while rest > 0 {
      state = state &* 1_664_525 &+ 1_013_904_223
      sizes.append(min(rest, Int(state >> 24) % (Int(seed) % 31 + 2)))
      rest -= sizes[sizes.count - 1]
    }
    return sizes
  }
}
