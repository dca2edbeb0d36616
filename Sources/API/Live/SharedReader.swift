import Caches
import Inbox

/// A reader for the followers of many inboxes: what several of them need of a log is read once.
///
/// A class, since it remembers; used by one thread, while one read runs.
final class SharedReader: ForwardingReader {
  let reader: any StoreReader
  private let written: WrittenMessages
  private var messages: [LogName: [Int: Message]] = [:]
  private var tokens: [LogName: [Int: UInt64]] = [:]
  private var texts: [LogName: [Int: WrittenMessage]] = [:]

  init(_ reader: any StoreReader, _ written: WrittenMessages) {
    self.reader = reader
    self.written = written
  }

  func messages(in log: LogName, _ numbers: SequenceSet) throws -> [Message] {
    let missing = numbers.numbers.filter { messages[log]?[$0] == nil }
    if !missing.isEmpty {
      for message in try reader.messages(in: log, SequenceSet(numbers: missing)) {
        messages[log, default: [:]][message.seq] = message
      }
    }
    return numbers.numbers.compactMap { messages[log]?[$0] }
  }

  func tokens(in log: LogName, _ numbers: [Int]) throws -> [UInt64] {
    let missing = numbers.filter { tokens[log]?[$0] == nil }
    if !missing.isEmpty {
      for (seq, token) in zip(missing, try reader.tokens(in: log, missing)) {
        tokens[log, default: [:]][seq] = token
      }
    }
    return numbers.map { tokens[log]![$0]! }
  }

  /// A message of an inbox as hosts get it.
  func text(of entry: Entry<Message>, in inbox: Inbox) throws -> Entry<WrittenMessage> {
    let (log, seq) = (inbox.log(entry.side), entry.message.seq)
    if let text = texts[log]?[seq] { return entry.map(text) }
    let text = try written.messages(in: log, past: past, SequenceSet(seq)) { _ in
      let prefix = MessageName.prefix(of: log)
      return [try WrittenMessage(entry.message, team: inbox.team, nidPrefix: prefix)]
    }[0]
    texts[log, default: [:]][seq] = text
    return entry.map(text)
  }
}
