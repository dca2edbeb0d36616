import Inbox
import JSON
import JSONRPC

/// An answer that is being written: it tracks how many bytes may still be added, and whether there is memory
/// for them.
struct GrowingAnswer {
  /// The space that is reserved for the answer's last members, after its messages or changes, in bytes.
  private static let ending = 1_024
  /// The step in which the answer's memory is counted, in bytes.
  private static let step = 1 << 20
  /// The largest factor by which escapes for line ends lengthen a text (U+0085, two bytes, becomes six).
  static let growth = 3

  /// An upper bound for the JSON text of a message that keeps the contract's sizes, in bytes.
  static let largestMessage = 1 << 20

  private let context: CallContext
  private let limit: Int
  /// The number of bytes, from the start, that have their final length.
  private var settled = 0
  private var counted = CallContext.uncountedBytes

  init(_ context: CallContext, limit: Int) {
    self.context = context
    self.limit = limit
  }

  /// Whether one more message fits, either by the size of the largest message or by the bound of its own
  /// size.
  mutating func hasRoom(in writer: inout JSONWriter, for bound: @autoclosure () -> Int) -> Bool {
    let worst = writer.bytes.count + (Self.growth - 1) * (writer.bytes.count - settled)
    if limit - Self.ending - worst >= Self.largestMessage { return true }
    settle(&writer)
    let room = limit - Self.ending - writer.bytes.count
    return room >= Self.largestMessage || room >= bound()
  }

  /// Counts the written bytes. Throws `NoRoom` if there is no memory for them now.
  mutating func count(_ writer: inout JSONWriter) throws(NoRoom) {
    guard writer.bytes.count > counted else { return }
    settle(&writer)
    // Never more than a call that begins again asks for: otherwise such calls would have to begin again for
    // ever.
    counted = max(writer.bytes.count, min(writer.bytes.count + Self.step, limit))
    if !context.hold(counted) { throw NoRoom(bytes: max(counted, limit)) }
  }

  private mutating func settle(_ writer: inout JSONWriter) {
    if context.answersOnLines { writer.remove(.lineEnds, from: settled) }
    settled = writer.bytes.count
  }
}

/// The error for an answer that would take more memory than there is now.
struct NoRoom: Error {
  /// The largest size of the whole answer, in bytes.
  var bytes: Int
}

extension CallContext {
  /// Makes an answer with `body`. If that throws `NoRoom`, waits until there is room and makes the answer
  /// again.
  func answer<Answer: Sendable>(_ body: () async throws -> Answer) async throws -> Answer {
    while true {
      do { return try await body() } catch let lack as NoRoom { try await makeRoom(for: lack.bytes) }
    }
  }
}
