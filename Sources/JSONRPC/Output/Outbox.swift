import DequeModule
import JSON

/// The queue of output: answers, errors and notifications, framed, in segments that a writer takes one by
/// one. It assembles the answers of a batch, and counts bytes until the writer reports them as written.
///
/// With line framing a message contains nothing that a reader may take for the end of a line: results and
/// notifications arrive that way, and ids and errors are made so here.
struct Outbox: Sendable {
  /// The approximate size of a segment, in bytes: answers are gathered until there are as many.
  static let segmentBytes = 64 << 10

  /// The size, in bytes, up to which answers that are settled together wait for one another: above it they
  /// are written, so that the host has something to do meanwhile.
  static let corkedBytes = 16 << 10

  private var segments = Deque<[UInt8]>()
  /// The number of bytes of the first segment that are written.
  private var firstOffset = 0
  private var spare: [UInt8] = []
  private var batches: [Int: BatchAnswer] = [:]
  private var batchSerial = 0
  /// What is to be done after the answers of batches that were added.
  private var due: [Handler] = []
  private let batchBytes: Int
  /// `.headers` or lines.
  var framing = Framing.lines
  /// The observer of every message that is added.
  var observer: (any ConversationObserver)?
  /// Whether the output is closed, because nobody reads it any more.
  private(set) var isClosed = false
  /// Bytes added and not yet written.
  private(set) var queuedBytes = 0
  /// Bytes written so far.
  private var writtenBytes = 0
  /// The place of the last notifications that have no answer between them, among all bytes that were ever added.
  private var lastNotifications = (start: 0, end: 0)
  /// Bytes of answers that wait for the rest of their batch.
  private(set) var heldBytes = 0

  /// Creates an empty outbox.
  ///
  /// - Parameter batchBytes: the number of bytes of batches that are held. An answer beyond it is refused by
  ///   itself: with `response_too_large` if its batch alone is too large, with `limit_reached` if other
  ///   batches take the room.
  init(batchBytes: Int) { self.batchBytes = batchBytes }

  /// Whether there is no segment to take.
  var isEmpty: Bool { segments.isEmpty }

  /// Whether every answer that was added is written.
  var hasWrittenAnswers: Bool {
    let end = writtenBytes + queuedBytes
    return queuedBytes == 0 || (lastNotifications.end == end && lastNotifications.start <= writtenBytes)
  }

  // MARK: Answers

  /// Adds `{"jsonrpc":"2.0","id":...,"result":...}`. If too many bytes of batches are held, the result is
  /// refused, unless `always` is set: a change that is done must not be reported as failed.
  mutating func add(result: [UInt8], id: ArraySlice<UInt8>, batch: Int?, always: Bool = false) {
    let id = framing == .headers ? id : id.onOneLine
    let size = Self.resultOpening.count + id.count + Self.resultKey.count + result.count + 1
    if let batch {
      if !always, let refusal = refusal(of: batch, adding: size) {
        add(error: refusal, id: id, batch: batch)
        return
      }
      settle(batch) { answer in
        answer.append { bytes in
          bytes.append(contentsOf: Self.resultOpening)
          bytes.append(contentsOf: id)
          bytes.append(contentsOf: Self.resultKey)
        }
        answer.append(large: result)
        answer.append { $0.append(UInt8(ascii: "}")) }
      }
      return
    }
    guard !isClosed else { return }
    if let observer { observer.sent(Self.resultOpening + id + Self.resultKey + result + [UInt8(ascii: "}")]) }
    open(size)
    let isLarge = result.count >= Self.segmentBytes
    append { bytes in
      bytes.append(contentsOf: Self.resultOpening)
      bytes.append(contentsOf: id)
      bytes.append(contentsOf: Self.resultKey)
      if !isLarge {
        bytes.append(contentsOf: result)
        bytes.append(UInt8(ascii: "}"))
      }
    }
    if isLarge {
      append(large: result)
      append { $0.append(UInt8(ascii: "}")) }
    }
    end()
  }

  /// Adds `{"jsonrpc":"2.0","id":...,"error":...}`; the id is `null` if there is none.
  mutating func add(error: RPCError, id: ArraySlice<UInt8>?, batch: Int?) {
    var writer = JSONWriter(reserving: 192)
    writer.beginObject()
    writer.member("jsonrpc", "2.0")
    writer.key("id")
    if let id { writer.raw(id) } else { writer.null() }
    writer.key("error")
    error.write(to: &writer)
    writer.endObject()
    // The id, a name in the message or the details may contain a line end.
    let message = framing == .headers ? writer.bytes : writer.bytes.without(.lineEnds)
    if let batch {
      settle(batch) { $0.append(large: message) }
    } else {
      add(message: message)
    }
  }

  /// Adds a complete message that is no answer.
  mutating func add(notification message: [UInt8]) {
    let start = writtenBytes + queuedBytes
    if lastNotifications.end != start { lastNotifications.start = start }
    add(message: message)
    lastNotifications.end = writtenBytes + queuedBytes
  }

  private mutating func add(message: [UInt8]) {
    guard !isClosed else { return }
    observer?.sent(message)
    open(message.count)
    append(large: message)
    end()
  }

  // MARK: Batches

  /// Begins a batch. Its answers are held until it is closed and the last one has been added.
  mutating func openBatch() -> Int {
    batchSerial += 1
    batches[batchSerial] = BatchAnswer()
    return batchSerial
  }

  /// Counts one more answer that is to be added to a batch.
  mutating func expectAnswer(in batch: Int) { batches[batch]!.missing += 1 }

  /// Closes a batch: all its items are accepted or answered, and no more answers will be expected.
  mutating func closeBatch(_ batch: Int) {
    batches[batch]!.isClosed = true
    completeIfWhole(batch)
  }

  /// Keeps what is to be done after a batch's answer, and returns what is to be done now: all that was kept for
  /// batches that are answered, and `handlers` if their own is.
  mutating func follow(_ batch: Int, with handlers: [Handler]) -> [Handler] {
    if batches[batch] != nil {
      batches[batch]!.handlers += handlers
      return takeDue()
    }
    return takeDue() + handlers
  }

  /// Takes what is to be done after batches that are answered.
  mutating func takeDue() -> [Handler] {
    defer { due = [] }
    return due
  }

  /// Something to be done after an answer.
  typealias Handler = @Sendable () -> Void

  /// The bytes that a batch holds so far.
  func heldBytes(of batch: Int) -> Int { batches[batch]?.count ?? 0 }

  /// The error for refusing `size` more bytes of answers in a batch; nil if they fit.
  func refusal(of batch: Int, adding size: Int = 0) -> RPCError? {
    if heldBytes + size <= batchBytes { return nil }
    return heldBytes(of: batch) + size > batchBytes
      ? .responseTooLarge(limit: batchBytes)
      : .limitReached("answers of other batches are held", limit: batchBytes)
  }

  private mutating func settle(_ batch: Int, _ body: (inout BatchAnswer) -> Void) {
    // Removed while it changes, so that it is changed in place.
    var answer = batches.removeValue(forKey: batch)!
    let before = answer.count
    answer.missing -= 1
    answer.append { $0.append(before == 0 ? UInt8(ascii: "[") : UInt8(ascii: ",")) }
    body(&answer)
    heldBytes += answer.count - before
    batches[batch] = answer
    completeIfWhole(batch)
  }

  private mutating func completeIfWhole(_ batch: Int) {
    guard batches[batch]!.isClosed, batches[batch]!.missing == 0 else { return }
    var answer = batches.removeValue(forKey: batch)!
    heldBytes -= answer.count
    due += answer.handlers
    // A batch of notifications alone gets no answer.
    guard answer.count > 0 else { return }
    answer.append { $0.append(UInt8(ascii: "]")) }
    guard !isClosed else { return }
    observer?.sent(Array(answer.parts.joined()))
    open(answer.count)
    for part in answer.parts { append(large: part) }
    end()
  }

  // MARK: Segments

  /// Takes the next bytes to write, and the offset at which they begin; they are the caller's until it
  /// reports back.
  mutating func take() -> (segment: [UInt8], offset: Int)? {
    guard let segment = segments.popFirst() else { return nil }
    defer { firstOffset = 0 }
    return (segment, firstOffset)
  }

  /// Puts back the rest of a segment that did not fit; it is taken next.
  mutating func putBack(_ segment: [UInt8], offset: Int) {
    guard !isClosed else { return }
    segments.prepend(segment)
    firstOffset = offset
  }

  /// Reports that `count` of the taken bytes are written.
  mutating func wrote(_ count: Int) {
    guard !isClosed else { return }
    queuedBytes -= count
    writtenBytes += count
  }

  /// Reports that a segment is written, so that its memory is used again.
  mutating func recycle(_ segment: inout [UInt8]) {
    guard spare.capacity == 0, segment.capacity <= 2 * Self.segmentBytes else { return }
    swap(&spare, &segment)
    spare.removeAll(keepingCapacity: true)
  }

  /// Closes the output, because nobody reads it any more: drops what is queued, and everything added later.
  mutating func close() {
    isClosed = true
    segments.removeAll()
    queuedBytes = 0
  }

  private mutating func open(_ size: Int) {
    guard framing == .headers else { return }
    append { $0.append(contentsOf: "Content-Length: \(size)\r\n\r\n".utf8) }
  }

  private mutating func end() {
    guard framing != .headers else { return }
    append { $0.append(0x0A) }
  }

  /// Appends to the last segment, or to a new one if the last is full.
  private mutating func append(_ body: (inout [UInt8]) -> Void) {
    if segments.isEmpty || segments[segments.count - 1].count >= Self.segmentBytes {
      var fresh: [UInt8] = []
      swap(&fresh, &spare)
      segments.append(fresh)
    }
    let last = segments.count - 1
    let before = segments[last].count
    body(&segments[last])
    queuedBytes += segments[last].count - before
  }

  /// Appends bytes; a large array becomes a segment of its own, uncopied.
  private mutating func append(large bytes: [UInt8]) {
    if bytes.count < Self.segmentBytes {
      append { $0.append(contentsOf: bytes) }
    } else {
      segments.append(bytes)
      queuedBytes += bytes.count
    }
  }

  private static let resultOpening = Array(#"{"jsonrpc":"2.0","id":"#.utf8)
  private static let resultKey = Array(#","result":"#.utf8)
}

/// The answers of one batch that have been added so far.
private struct BatchAnswer: Sendable {
  /// The text of the array. Large answers are parts of their own, uncopied.
  private(set) var parts: [[UInt8]] = []
  /// The bytes of all parts.
  private(set) var count = 0
  var missing = 0
  var isClosed = false
  /// What is to be done after it.
  var handlers: [Outbox.Handler] = []

  mutating func append(_ body: (inout [UInt8]) -> Void) {
    if parts.isEmpty || parts[parts.count - 1].count >= Outbox.segmentBytes { parts.append([]) }
    let last = parts.count - 1
    let before = parts[last].count
    body(&parts[last])
    count += parts[last].count - before
  }

  mutating func append(large bytes: [UInt8]) {
    if bytes.count < Outbox.segmentBytes {
      append { $0.append(contentsOf: bytes) }
    } else {
      parts.append(bytes)
      count += bytes.count
    }
  }
}

extension ArraySlice<UInt8> {
  /// The id as it is sent on a line, with escapes in place of line ends. It stands for the same string.
  fileprivate var onOneLine: Self {
    // Every such character that JSON allows in a string begins with a byte that is not ASCII.
    guard first == UInt8(ascii: "\""), contains(where: { $0 >= 0x80 }) else { return self }
    return Array(self).without(.lineEnds)[...]
  }
}
