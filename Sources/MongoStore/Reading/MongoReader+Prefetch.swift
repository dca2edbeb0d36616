import Inbox
import Mongo

// Messages of many logs.
extension MongoReader {
  /// The most ranges in one command.
  private static let rangesTogether = 200

  /// Brings messages of many logs in few commands, as far as they are not large. What is left is read when it is asked
  /// for.
  func prefetch(_ messages: [LogName: SequenceSet]) throws {
    guard let source else { return }
    var ranges: [Query.NumberRange] = []
    for (name, numbers) in messages {
      guard let log = known.log(name) else { continue }
      var missing = numbers.intersection(1, through: log.head)
      if let covered = known.stretch(of: name)?.covered { missing.subtract(covered) }
      for span in missing.spans { ranges.append(.init(log: name, first: span.first, last: span.last)) }
    }
    var rest = ranges[...]
    var size = (bytes: 0, messages: 0)
    while !rest.isEmpty, size.bytes < Self.smallSize {
      let count =
        size.messages == 0
        ? Self.messagesAtFirst : (Self.smallSize - size.bytes) / max(size.bytes / size.messages, 1)
      let some = Self.take(min(max(count, 1), Self.messagesTogether), of: &rest)
      guard let found = try fetch(some, source) else { return }
      size = (size.bytes + found.bytes, size.messages + found.messages)
      // Messages that were removed long ago have no size.
      if found.messages == 0 { size.messages = max(size.messages, 1) }
    }
  }

  /// Takes ranges of at most so many numbers together.
  private static func take(
    _ count: Int, of ranges: inout ArraySlice<Query.NumberRange>
  ) -> [Query.NumberRange] {
    var (some, left) = ([Query.NumberRange](), count)
    while left > 0, var next = ranges.popFirst() {
      if next.count > left {
        ranges.insert(.init(log: next.log, first: next.first + left, last: next.last), at: ranges.startIndex)
        next.last = next.first + left - 1
      }
      left -= next.count
      some.append(next)
      if some.count == rangesTogether { break }
    }
    return some
  }

  /// Fetches the messages of these ranges into what is known; nil if they are too large for one reply.
  private func fetch(
    _ ranges: [Query.NumberRange], _ source: Source
  ) throws -> (bytes: Int, messages: Int)? {
    let batch = try source.run(.messages(in: ranges, limit: ranges.reduce(1) { $0 + $1.count }))
    guard batch.isComplete else { return nil }
    var found: [LogName: [MessageDocument]] = [:]
    var (last, name) = (ArraySlice<UInt8>(), LogName?.none)
    var (bytes, count) = (0, 0)
    for document in try batch.all() {
      let (log, _, message) = try MessageDocument.placed(document)
      // The messages of a log follow one another.
      if log != last || name == nil { (last, name) = (log, try LogName(encoded: Array(log))) }
      if let name { found[name, default: []].append(message) }
      (bytes, count) = (bytes + message.message.body.size, count + 1)
    }
    var numbers: [LogName: SequenceSet] = [:]
    for range in ranges {
      numbers[range.log, default: SequenceSet()].formUnion(
        SequenceSet(range.first, through: range.last ?? range.first))
    }
    for (name, numbers) in numbers {
      _ = try known.add(.messages(found[name] ?? []), for: .messages(name, numbers), of: source.past.number)
    }
    return (bytes, count)
  }
}
