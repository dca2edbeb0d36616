import JSON
import JSONSupport
import Logging

@testable import JSONRPC

/// A connection without descriptors or threads: messages go in, answers come out. Every call ends before
/// `receive` returns, as long as the service never suspends.
final class Conversation {
  private let connection: HostConnection
  private let limits: Limits

  /// One message and the answers to it.
  struct Exchange {
    /// The message, or the items of a batch; nil if it is not JSON.
    var requests: [JSON]?
    var answers: [JSON]
  }

  init(_ service: any Service, limits: Limits) throws {
    self.limits = limits
    connection = try HostConnection(
      service: service, info: ServerInfo(name: "fuzz", version: "1"), limits: limits, output: -1,
      logger: Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() })
    // Waiting ends at once, as it does when the input has ended.
    connection.state.withLock { $0.hasEnded = true }
  }

  /// Whether the host asked for the end.
  var hasEnded: Bool { connection.isStopping }

  /// Passes one message to the connection and checks the answers: as many as JSON-RPC 2.0 requires, each with
  /// its request's id.
  func receive(_ message: [UInt8]) throws -> Exchange {
    connection.receive(.message(message))
    try require(connection.state.withLock { $0.inFlight.isEmpty }, "a call is not answered")
    var written: [UInt8] = []
    connection.state.withLock { state in
      while let (segment, offset) = state.outbox.take() {
        written += segment[offset...]
        state.outbox.wrote(segment.count - offset)
      }
    }
    try require(connection.state.withLock { $0.isDone }, "bytes are not accounted for")
    let json = try? JSON(parsing: message, maximumDepth: limits.depth)
    let isRead = json != nil
    let isBatch = json?.kind == .array && (1...limits.batchItems).contains(json?.count ?? 0)
    let requests = isBatch ? Array(json!.elements) : json.map { [$0] }
    let messages = try written.split(separator: 0x0A).map {
      try JSON(parsing: Array($0), maximumDepth: 1_000)
    }
    let lines = Array(messages.drop { $0["method"]?.equals("$/progress") == true })
    for progress in messages.dropLast(lines.count) { try check(progress: progress, of: requests ?? []) }
    try require(lines.count <= 1, "\(lines.count) answers to one message")
    let answers = try lines.flatMap { answer in
      let isArray = answer.kind == .array
      try require(
        isRead ? isArray == isBatch : !isArray || Outline(of: message[...])?.kind == .array,
        "a batch is answered by an array, and only a batch")
      return isArray ? Array(answer.elements) : [answer]
    }
    let exchange = Exchange(requests: requests, answers: answers)
    for answer in answers { try check(answer) }
    if !hasEnded { try checkIDs(exchange) }
    return exchange
  }

  /// Checks that progress comes before the answer, and only for a request with a token.
  private func check(progress: JSON, of requests: [JSON]) throws {
    let tokens = requests.compactMap { $0["params"]?["_meta"]?["progressToken"] }.map { text($0) }
    try require(progress["id"] == nil, "progress is no request")
    try require(tokens.contains(text(progress["params"]?["token"])), "progress that nobody asked for")
    let value = progress["params"]?["value"]
    let (done, total) = (value?["done"]?.integer ?? -1, value?["total"]?.integer ?? -1)
    try require((0...max(total, 0)).contains(done), "progress of \(done) of \(total)")
  }

  /// Checks that an answer has the form that JSON-RPC 2.0 requires.
  private func check(_ answer: JSON) throws {
    let keys = answer.members.map { $0.key.string ?? "" }
    let isError = answer["error"] != nil
    try require(keys == ["jsonrpc", "id", isError ? "error" : "result"], "an answer's members: \(keys)")
    try require(answer["jsonrpc"]?.equals("2.0") == true, "jsonrpc")
    guard let error = answer["error"] else { return }
    try require(
      error["code"]?.integer != nil && error["message"]?.string?.isEmpty == false, "an error's form")
    let data = error["data"]
    try require(
      data?["kind"]?.string != nil && data?["retryable"]?.bool != nil && data?["details"]?.kind == .object,
      "an error's data")
    try require(data?["kind"]?.equals("internal") == false, "a fault of the program")
  }

  /// Checks that each request has exactly one answer, with its id as it was sent, and that notifications and
  /// answers have none.
  private func checkIDs(_ exchange: Exchange) throws {
    let given = exchange.answers.map { text($0["id"]) }
    guard let requests = exchange.requests else {
      let kinds = exchange.answers.map { text($0["error"]?["data"]?["kind"]) }
      try require(!kinds.isEmpty && kinds.allSatisfy { $0 == #""parse_error""# }, "what is no JSON: \(kinds)")
      return
    }
    let expected = requests.compactMap(answerID)
    try require(given.sorted() == expected.sorted(), "ids \(given), expected \(expected)")
  }

  /// The text of a value as it is sent on a line.
  private func text(_ json: JSON?) -> String {
    json.map { String(decoding: Array($0.raw).without(.lineEnds), as: UTF8.self) } ?? ""
  }

  /// The id of the answer to a message; nil if it gets none.
  private func answerID(_ message: JSON) -> String? {
    guard message.kind == .object else { return "null" }
    let isOfThisVersion = message["jsonrpc"]?.equals("2.0") == true
    guard let id = message["id"] else {
      let isNotification =
        isOfThisVersion && message["method"]?.kind == .string
        && [nil, .null, .array, .object].contains(message["params"]?.kind)
      return isNotification ? nil : "null"
    }
    switch id.kind {
    case .string,
      .number where id.isInteger:
      guard id.raw.count <= 1_024 else { return "null" }
      let isAnswer = message["method"] == nil && (message["result"] != nil || message["error"] != nil)
      return isAnswer && isOfThisVersion ? nil : text(id)
    case .null where message["method"] == nil && message["error"] != nil: return nil
    default: return "null"
    }
  }
}
