import Inbox
import JSON
import JSONRPC

/// An answer while it is written: how many bytes it may still have, and whether there is memory for it now.
struct GrowingAnswer {
  /// What the answer's last members take beside its messages or changes.
  private static let ending = 1_024
  /// How much at a time is counted.
  private static let step = 1 << 20
  /// The most that escaping line ends makes of a byte (U+0085, two bytes, becomes six).
  private static let growth = 3

  private let context: CallContext
  private let limit: Int
  /// Up to here what was written has its final length.
  private var settled = 0
  private var counted = CallContext.uncountedBytes

  init(_ context: CallContext, limit: Int) {
    self.context = context
    self.limit = limit
  }

  /// Whether one more message fits, by the largest that there is or by the bound of its own size.
  mutating func hasRoom(in writer: inout JSONWriter, for bound: @autoclosure () -> Int) -> Bool {
    let worst = writer.bytes.count + (Self.growth - 1) * (writer.bytes.count - settled)
    if limit - Self.ending - worst >= Page.Entry.largestSize { return true }
    settle(&writer)
    let room = limit - Self.ending - writer.bytes.count
    return room >= Page.Entry.largestSize || room >= bound()
  }

  /// Counts what was written. Throws `NoRoom` if there is no memory for it now.
  mutating func count(_ writer: inout JSONWriter) throws(NoRoom) {
    guard writer.bytes.count > counted else { return }
    settle(&writer)
    // Never more than is asked for by who begins again: all of those would have to begin again for ever.
    counted = max(writer.bytes.count, min(writer.bytes.count + Self.step, limit))
    if !context.hold(counted) { throw NoRoom(bytes: max(counted, limit)) }
  }

  private mutating func settle(_ writer: inout JSONWriter) {
    if context.answersOnLines { writer.remove(.lineEnds, from: settled) }
    settled = writer.bytes.count
  }
}

/// An answer that is being made would take more memory than there is now.
struct NoRoom: Error {
  /// What the whole answer takes at most.
  var bytes: Int
}

extension CallContext {
  /// Makes an answer, and makes it again, once there is room for it, if `body` throws `NoRoom`.
  func answer<Answer: Sendable>(_ body: () async throws -> Answer) async throws -> Answer {
    while true {
      do { return try await body() } catch let lack as NoRoom { try await makeRoom(for: lack.bytes) }
    }
  }
}
