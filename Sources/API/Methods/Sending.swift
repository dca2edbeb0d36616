import Inbox
import JSON
import JSONRPC

/// The common part of the methods that send: reading the message, and appending it.
struct Sending: Sendable {
  /// The parameters of every message, in the order in which they are checked. `reader_ids` is checked after
  /// them.
  static let names: [any ParameterDescription] = [Common.username, Common.teamName, Common.receiverID]
  static let texts: [any ParameterDescription] = [Common.content, Common.data]
  static let result = JSONSchema.component("Sent")
  static let errors: [RPCError.Kind] = [.conflict, .limitReached, .storeUnavailable, .outcomeUnknown]
  /// The largest number of bytes that one call writes for all its readers together.
  static let fanOutBytes = 64 << 20

  private var body: MessageBody
  private var key: Text?
  /// The readers who alone get the message; nil if it goes to a shared log or to one reader.
  private(set) var readers: [Text]?

  /// The sender, if one was named.
  var sender: Text? { body.sender }

  /// The claims to send as this user, under this name.
  var claims: [Claim] { [.user(body.sender), .username(body.username.map { Text($0) })] }

  /// Reads the parameters of a message, among them `reader_ids` only if `toReaders` is set.
  init(_ arguments: Arguments, sender: Text?, type: Text, toReaders: Bool) throws(RPCError) {
    body = MessageBody(type: type, sender: sender)
    body.username = try arguments(Common.username)
    body.teamName = try arguments(Common.teamName)
    body.receiver = try arguments(Common.receiverID)
    body.content = try arguments(Common.content)
    body.data = try arguments(Common.data)
    if toReaders { readers = try arguments(Common.readerIDs)?.uniqued }
    key = try arguments(Common.idempotencyKey)
    guard let readers, readers.count > 1, readers.count * body.size > Self.fanOutBytes else { return }
    throw .tooMuch(
      pointer: "/reader_ids", limit: Self.fanOutBytes,
      "\(readers.count) readers with a message of \(body.size) bytes each are more than \(Self.fanOutBytes) bytes: "
        + "name fewer readers in a call")
  }

  /// Appends the message to one log.
  func send(to log: LogName, _ backend: Backend) async throws -> [UInt8] {
    let receipt = try await backend.store.append(draft, to: [log], progress: nil)[0]
    return JSONWriter.object { $0.receipt(receipt, in: log) }
  }

  /// Appends the message to one log for each reader.
  func send(
    to logs: [LogName], of readers: [Text], _ backend: Backend, _ context: CallContext
  ) async throws -> [UInt8] {
    let receipts: [Receipt]
    do {
      receipts = try await append(to: logs, backend, context)
    } catch StoreError.interrupted(let why, let done) {
      throw RPCError.outcomeUnknown(why, details: Self.messages(done, logs, readers))
    }
    return JSONWriter.object(reserving: 64 + 192 * logs.count) { writer in
      var first = receipts[0]
      first.duplicate = receipts.allSatisfy(\.duplicate)
      writer.receipt(first, in: logs[0])
      writer.messages(receipts, logs, readers)
    }
  }

  /// The messages that are known to be appended, for an error's details.
  private static func messages(_ done: [Receipt?], _ logs: [LogName], _ readers: [Text]) -> [UInt8] {
    JSONWriter.object(reserving: 64 + 192 * logs.count) { $0.messages(done, logs, readers) }
  }

  /// Appends the message to many logs, and reports progress if the host asked for it.
  private func append(
    to logs: [LogName], _ backend: Backend, _ context: CallContext
  ) async throws -> [Receipt] {
    guard context.wantsProgress else {
      return try await backend.store.append(draft, to: logs, progress: nil)
    }
    let total = logs.count
    context.progress(done: 0, total: total)
    return try await backend.store.append(draft, to: logs) { context.progress(done: $0, total: total) }
  }

  private var draft: Draft {
    Draft(body: body, key: key, digest: key == nil ? [] : body.digest)
  }
}

extension [Text] {
  /// The elements without repetitions, in the order of their first occurrences.
  var uniqued: [Text] {
    var met: Set<Text> = []
    return filter { met.insert($0).inserted }
  }
}

extension JSONWriter {
  fileprivate mutating func messages(_ receipts: [Receipt?], _ logs: [LogName], _ readers: [Text]) {
    key("messages")
    beginArray()
    for (index, receipt) in receipts.enumerated() {
      guard let receipt else { continue }
      beginObject()
      self.receipt(receipt, in: logs[index])
      member("reader_id", readers[index].string)
      endObject()
    }
    endArray()
  }

  mutating func receipt(_ receipt: Receipt, in log: LogName) {
    member("nid", MessageName(log: log, seq: receipt.seq).nid)
    member("create_time", millisecondsSince1970: receipt.time)
    member("duplicate", receipt.duplicate)
  }
}
