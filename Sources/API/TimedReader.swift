import Inbox
import JSONRPC

/// A reader that asks before each look at the store whether the call is still wanted: what is stored, or asked
/// for, may make a listing long, and its deadline ends it between any two looks.
struct TimedReader: StoreReader {
  private let reader: any StoreReader
  private let check: () throws -> Void

  init(_ reader: any StoreReader, _ check: @escaping () throws -> Void) {
    self.reader = reader
    self.check = check
  }

  var past: Int { reader.past }

  func states(of inboxes: [Inbox]) throws -> [InboxState] {
    try check()
    let states = try reader.states(of: inboxes)
    try check()
    return states
  }

  func messages(in log: LogName, _ numbers: SequenceSet) throws -> [Message] {
    try check()
    return try reader.messages(in: log, numbers)
  }

  func times(in log: LogName, _ numbers: [Int]) throws -> [Timestamp] {
    try check()
    return try reader.times(in: log, numbers)
  }

  func tokens(in log: LogName, _ numbers: [Int]) throws -> [UInt64] {
    try check()
    return try reader.tokens(in: log, numbers)
  }

  func last(in log: LogName, notAfter time: Timestamp) throws -> Int {
    try check()
    return try reader.last(in: log, notAfter: time)
  }

  func numbers(
    in log: LogName, where field: MessageField, from first: Int, through last: Int
  ) throws -> SequenceSet {
    try check()
    let numbers = try reader.numbers(in: log, where: field, from: first, through: last)
    try check()
    return numbers
  }
}

extension CallContext {
  /// Throws if the host took the request back or its time is over. It asks the clock too: what a call computes
  /// may keep the thread that would tell it.
  @Sendable func checkTime() throws {
    try checkCancellation()
    if let deadline, deadline <= .now { throw RPCError.deadlineExceeded() }
  }
}
