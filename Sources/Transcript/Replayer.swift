import JSON

/// A conversation that a transcript is played to.
public protocol Playback {
  /// Sends one line.
  mutating func send(_ line: [UInt8])
  /// The next line that came, without its end; nil at the end of the stream, or if none came for long.
  mutating func receive() -> [UInt8]?
  /// Ends the input, if it is not to end by itself, and tells the exit status.
  mutating func finish(endingInput: Bool) -> Int32
}

/// Plays a transcript's steps to a program and compares the answers.
///
/// Answers may come in any order, as the wire allows: each is compared with the pattern that has its id.
public struct Replayer {
  /// How many messages came that were compared.
  public private(set) var compared = 0
  private var bindings = Bindings()
  /// What came before it was asked for.
  private var early: [JSON] = []
  private var last: JSON?
  private let report: (String) -> Void

  /// - Parameter report: told of every difference, a sentence each, as it is found.
  public init(report: @escaping (String) -> Void) { self.report = report }

  /// Plays all steps, given with the number of their line, then ends the conversation.
  public mutating func play(_ steps: [(line: Int, step: Step)], to playback: inout some Playback) {
    var hasEnded = false
    for (line, step) in steps where !hasEnded {
      if case .exit(let status) = step {
        finish(status, endingInput: false, at: line, &playback)
        hasEnded = true
      } else {
        take(step, at: line, &playback)
      }
    }
    if !hasEnded { finish(0, endingInput: true, at: steps.last?.line ?? 0, &playback) }
  }

  private mutating func take(_ step: Step, at line: Int, _ playback: inout some Playback) {
    switch step {
    case .comment, .exit: break
    case .send(let message): playback.send(fill(message))
    case .sendText(let text): playback.send(Array(text.utf8))
    case .expect(let pattern): expect([pattern], at: line, &playback)
    case .expectAll(let patterns): expect(patterns, at: line, &playback)
    case .expectBatch(let patterns): expect(batch: patterns, at: line, &playback)
    case .contains(let text):
      let isThere = last.map { String(decoding: $0.raw, as: UTF8.self).contains(text) } ?? false
      if !isThere { report("line \(line): the message read last does not contain \(text)") }
    }
  }

  // MARK: Sending

  /// A message with what its placeholders are bound to, on one line.
  private func fill(_ message: JSON) -> [UInt8] {
    var writer = JSONWriter()
    write(message, to: &writer)
    return writer.bytes.map { $0 == 0x0A ? 0x20 : $0 }
  }

  private func write(_ value: JSON, to writer: inout JSONWriter) {
    switch value.kind {
    case .object:
      writer.beginObject()
      for (key, member) in value.members {
        writer.key(key.string ?? "")
        write(member, to: &writer)
      }
      writer.endObject()
    case .array:
      writer.beginArray()
      for item in value.elements { write(item, to: &writer) }
      writer.endArray()
    case .string:
      if let key = value.string.flatMap(Placeholder.init)?.binding {
        // One that was never bound comes from an answer that differed: its name is what it was.
        writer.string(bindings[key] ?? key.name)
      } else {
        writer.raw(value.raw)
      }
    case .number, .bool, .null: writer.raw(value.raw)
    }
  }

  // MARK: Comparing

  private mutating func expect(_ patterns: [JSON], at line: Int, _ playback: inout some Playback) {
    // All of them have to be there before they are told apart, if their ids don't.
    for (place, pattern) in patterns.enumerated() {
      let alike = patterns[...place].count { Self.address($0) == Self.address(pattern) }
      while early.count(where: { Self.belongs($0, to: pattern) }) < alike, read(&playback) {}
    }
    for pattern in patterns {
      let candidates = early.indices.filter { Self.belongs(early[$0], to: pattern) }
      guard let first = candidates.first else {
        report("line \(line): no answer came for \(Match.short(pattern))")
        continue
      }
      let place = candidates.first { attempt(pattern, early[$0]).differences.isEmpty } ?? first
      settle(pattern, early.remove(at: place), at: line)
    }
  }

  private mutating func expect(batch patterns: [JSON], at line: Int, _ playback: inout some Playback) {
    let wanted = patterns.map(Self.address).sorted()
    func isIt(_ value: JSON) -> Bool {
      value.kind == .array && value.elements.map(Self.address).sorted() == wanted
    }
    while !early.contains(where: isIt), read(&playback) {}
    guard let place = early.firstIndex(where: isIt) else {
      report("line \(line): no batch of these \(patterns.count) answers came")
      return
    }
    let answer = early.remove(at: place)
    var items = Array(answer.elements)
    for pattern in patterns {
      let candidates = items.indices.filter { Self.belongs(items[$0], to: pattern) }
      let place = candidates.first { attempt(pattern, items[$0]).differences.isEmpty } ?? candidates.first
      if let place { settle(pattern, items.remove(at: place), at: line) }
    }
    last = answer
  }

  private func attempt(_ pattern: JSON, _ value: JSON) -> Match {
    var match = Match(bindings)
    match.compare(pattern, value)
    return match
  }

  private mutating func settle(_ pattern: JSON, _ value: JSON, at line: Int) {
    let match = attempt(pattern, value)
    bindings = match.bindings
    compared += 1
    last = value
    let id = value["id"].map { ", id \(String(decoding: $0.raw, as: UTF8.self))" } ?? ""
    for difference in match.differences { report("line \(line)\(id): \(difference)") }
  }

  /// Reads one message more; false if there is none.
  private mutating func read(_ playback: inout some Playback) -> Bool {
    while let line = playback.receive() {
      do {
        early.append(try JSON(parsing: line, maximumDepth: 1_002))
        return true
      } catch {
        report("what came is not JSON (\(error)): \(String(decoding: line.prefix(200), as: UTF8.self))")
      }
    }
    return false
  }

  /// What tells a message from others: its id, or a notification's method.
  private static func address(_ message: JSON) -> String {
    if message.kind == .array { return "[\(message.elements.map(address).sorted().joined(separator: ","))]" }
    let mark = message["id"] ?? message["method"]
    return mark.map { String(decoding: $0.raw, as: UTF8.self) } ?? ""
  }

  private static func belongs(_ message: JSON, to pattern: JSON) -> Bool {
    let isAnything = pattern.kind != .object && pattern.kind != .array
    return isAnything || (message.kind == pattern.kind && address(message) == address(pattern))
  }

  private mutating func finish(
    _ status: Int64, endingInput: Bool, at line: Int, _ playback: inout some Playback
  ) {
    let ended = playback.finish(endingInput: endingInput)
    while read(&playback) {}
    for message in early where message["method"]?.equals("$/progress") != true {
      report("line \(line): nothing more was expected, got \(Match.short(message))")
    }
    if Int64(ended) != status { report("line \(line): expected exit status \(status), got \(ended)") }
  }
}
