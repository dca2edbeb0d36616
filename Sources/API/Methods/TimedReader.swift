import Inbox
import JSONRPC

/// A reader that checks before each read of the store whether the call is still wanted. The amount of data
/// that is stored or requested may make a listing long, and its deadline ends it between any two reads.
struct TimedReader: ForwardingReader {
  let reader: any StoreReader
  private let check: () throws -> Void

  init(_ reader: any StoreReader, _ check: @escaping () throws -> Void) {
    self.reader = reader
    self.check = check
  }

  func states(of inboxes: [Inbox]) throws -> [InboxState] {
    try check()
    let states = try reader.states(of: inboxes)
    try check()
    return states
  }

  func state(of inbox: Inbox) throws -> InboxState {
    try check()
    let state = try reader.state(of: inbox)
    try check()
    return state
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
  /// Throws if the host cancelled the request or its time is over. This also reads the clock: the call's own
  /// computation may keep busy the thread that would report the deadline.
  @Sendable func checkTime() throws {
    try checkCancellation()
    if let deadline, deadline <= .now { throw RPCError.deadlineExceeded() }
  }
}
