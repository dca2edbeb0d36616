import JSON

/// A conversation that a transcript is played to.
public protocol Playback {
  /// Sends one line.
  mutating func send(_ line: [UInt8])
  /// The next line that came, without its end; nil at the end of the stream, or if none is to come.
  mutating func receive() -> [UInt8]?
  /// Ends the input, if it is not to end by itself, and tells the exit status, or nil if it did not end by
  /// itself; and every line that came before.
  mutating func finish(endingInput: Bool) -> (status: Int32?, rest: [[UInt8]])
}

/// Plays a transcript's steps to a program and compares the answers.
///
/// Answers may come in any order, as the wire allows: each is compared with the pattern that has its id.
public struct Replayer {
  /// How many messages came that were compared.
  public private(set) var compared = 0
  private var bindings = Bindings()
  /// What came before it was asked for.
  private var early = EarlyMessages()
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
      let isThere = last.map { contains($0.raw, Array(text.utf8)) } ?? false
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
    let wanted = patterns.map(EarlyMessages.Address.init(pattern:))
    // All of them have to be there before they are told apart, if their ids don't.
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
    // The match, which holds the bindings too, is gone when they grow: so they are not copied each time.
    let (added, differences) = outcome(pattern, value)
    bindings.merge(added)
    compared += 1
    last = value
    let id = value["id"].map { ", id \(String(decoding: $0.raw, as: UTF8.self))" } ?? ""
    for difference in differences { report("line \(line)\(id): \(difference)") }
  }

  /// Reads one message more; false if there is none.
  private mutating func read(_ playback: inout some Playback) -> Bool {
    while let line = playback.receive() {
      if take(line) { return true }
    }
    return false
  }

  /// Keeps a message that came; false if it is none.
  private mutating func take(_ line: [UInt8]) -> Bool {
    do {
      early.add(try JSON(parsing: line, maximumDepth: 1_002))
      return true
    } catch {
      report("what came is not JSON (\(error)): \(String(decoding: line.prefix(200), as: UTF8.self))")
      return false
    }
  }

  private mutating func finish(
    _ status: Int64, endingInput: Bool, at line: Int, _ playback: inout some Playback
  ) {
    let (ended, rest) = playback.finish(endingInput: endingInput)
    for line in rest { _ = take(line) }
    for message in early.all where message["method"]?.equals("$/progress") != true {
      report("line \(line): nothing more was expected, got \(Match.short(message))")
    }
    if let ended {
      if Int64(ended) != status { report("line \(line): expected exit status \(status), got \(ended)") }
    } else {
      report("line \(line): expected exit status \(status), but the program does not end by itself")
    }
  }
}
