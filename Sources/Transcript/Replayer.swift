import JSON

/// A conversation with a program, for playing a transcript.
public protocol Playback {
  /// Sends one line.
  mutating func send(_ line: [UInt8])
  /// Returns the next line that arrived, without its line end; nil at the end of the stream, or if no line is
  /// to come.
  mutating func receive() -> [UInt8]?
  /// Ends the input, unless it is to end by itself, and returns the exit status, or nil if the program did
  /// not end by itself, with every line that came before the end.
  mutating func finish(endingInput: Bool) -> (status: Int32?, rest: [[UInt8]])
}

/// Plays a transcript's steps to a program and compares the answers.
///
/// Answers may arrive in any order, as the wire allows: each is compared with the pattern that has its id.
public struct Replayer {
  /// The number of messages that were compared.
  public private(set) var compared = 0
  private var bindings = Bindings()
  /// The messages that arrived before a step expected them.
  private var early = EarlyMessages()
  private var last: JSON?
  private let report: (String) -> Void

  /// Creates a replayer.
  ///
  /// - Parameter report: called with every difference, one sentence each, as it is found.
  public init(report: @escaping (String) -> Void) { self.report = report }

  /// Plays all steps, each given with its line number, then ends the conversation.
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
      let isThere = last.map { contains($0.raw, Array(text.utf8)) } ?? false
      if !isThere { report("line \(line): the message read last does not contain \(text)") }
    }
  }

  // MARK: Sending

  /// A message on one line, with the placeholders replaced by their values.
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
        // A placeholder that was never bound comes from an answer that differed: its name is the value in the
        // recording.
        writer.string(bindings[key] ?? key.name)
      } else {
        writer.raw(value.raw)
      }
    case .number, .bool, .null: writer.raw(value.raw)
    }
  }

  // MARK: Comparing

  private mutating func expect(_ patterns: [JSON], at line: Int, _ playback: inout some Playback) {
    let wanted = patterns.map(EarlyMessages.Address.init(pattern:))
    // Messages whose ids don't distinguish them must all have arrived before they are compared.
    var alike: [EarlyMessages.Address: Int] = [:]
    for address in wanted {
      alike[address, default: 0] += 1
      while early.count(at: address) < alike[address]!, read(&playback) {}
    }
    for (pattern, address) in zip(patterns, wanted) {
      let candidates = early.candidates(at: address)
      guard let first = candidates.first else {
        report("line \(line): no answer came for \(Match.short(pattern))")
        continue
      }
      let choice = candidates.first { attempt(pattern, $0.message).differences.isEmpty } ?? first
      early.remove(choice.number)
      settle(pattern, choice.message, at: line)
    }
  }

  private mutating func expect(batch patterns: [JSON], at line: Int, _ playback: inout some Playback) {
    let address = EarlyMessages.Address(batchOf: patterns)
    while early.count(at: address) == 0, read(&playback) {}
    guard let answer = early.candidates(at: address).first else {
      report("line \(line): no batch of these \(patterns.count) answers came")
      return
    }
    early.remove(answer.number)
    var items = EarlyMessages()
    for item in answer.message.elements { items.add(item) }
    for pattern in patterns {
      let candidates = items.candidates(at: .init(pattern: pattern))
      let choice =
        candidates.first { attempt(pattern, $0.message).differences.isEmpty } ?? candidates.first
      if let choice {
        items.remove(choice.number)
        settle(pattern, choice.message, at: line)
      }
    }
    last = answer.message
  }

  private func attempt(_ pattern: JSON, _ value: JSON) -> Match {
    var match = Match(bindings)
    match.compare(pattern, value)
    return match
  }

  private func outcome(_ pattern: JSON, _ value: JSON) -> (added: Bindings, differences: [String]) {
    let match = attempt(pattern, value)
    return (match.added, match.differences)
  }

  private mutating func settle(_ pattern: JSON, _ value: JSON, at line: Int) {
    // The match, which also holds the bindings, is released before they grow, so that they are not copied
    // each time.
    let (added, differences) = outcome(pattern, value)
    bindings.merge(added)
    compared += 1
    last = value
    let id = value["id"].map { ", id \(String(decoding: $0.raw, as: UTF8.self))" } ?? ""
    for difference in differences { report("line \(line)\(id): \(difference)") }
  }

  /// Reads one more message; false if there is none.
  private mutating func read(_ playback: inout some Playback) -> Bool {
    while let line = playback.receive() {
      if take(line) { return true }
    }
    return false
  }

  /// Keeps a message that arrived; false if it is not JSON.
  private mutating func take(_ line: [UInt8]) -> Bool {
    do {
      early.add(try JSON(parsing: line, maximumDepth: 1_002))
      return true
    } catch {
      report("what came is not JSON (\(error)): \(String(decoding: line.prefix(200), as: UTF8.self))")
      return false
    }
  }

  /// Whether a message depends on the clock, so that it may also come where a transcript does not expect it.
  private static func comesWhenItLikes(_ message: JSON) -> Bool {
    guard let method = message["method"] else { return false }
    return method.equals("$/progress") || method.equals("inbox_event")
  }

  private mutating func finish(
    _ status: Int64, endingInput: Bool, at line: Int, _ playback: inout some Playback
  ) {
    let (ended, rest) = playback.finish(endingInput: endingInput)
    for line in rest { _ = take(line) }
    for message in early.all where !Self.comesWhenItLikes(message) {
      report("line \(line): nothing more was expected, got \(Match.short(message))")
    }
    if let ended {
      if Int64(ended) != status { report("line \(line): expected exit status \(status), got \(ended)") }
    } else {
      report("line \(line): expected exit status \(status), but the program does not end by itself")
    }
  }
}
