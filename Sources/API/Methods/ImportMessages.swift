import Inbox
import JSON
import JSONRPC

/// Adds messages of earlier times to a log.
struct ImportMessages: Method {
  static let deed = Deed.change
  static let name: StaticString = "import_messages"
  static let summary =
    "Adds messages with the times that they had elsewhere to one log: a team's (team_id), a reader's own (reader_id, with "
    + "team_id or without), or that of announcements. The log must be empty or end earlier."
  static let readerID = Parameter("reader_id", .identifier, "The reader whose own log it is.").optional
  static let messages = Parameter(
    "messages", .list(.importedMessage, 1...1000),
    "The messages in the order of their times, none of them more than a minute ahead of the store's clock. read, seen and archived are marks of the "
      + "reader whose own log it is.")
  static let parameters: [any ParameterDescription] = [Common.teamID.optional, readerID, messages]
  static let result = JSONSchema.object([
    .init("messages", .array(.component("Imported"))),
    .init("imported", .described(.integer(0), "The number of messages that were new.")),
  ])
  static let errors: [RPCError.Kind] = [.conflict, .limitReached, .storeUnavailable, .outcomeUnknown]
  static let example = Example(
    params:
      #"{"reader_id":"bo","messages":[{"create_time":"2024-05-01T08:00:00Z","message_type":"welcome","#
      + #""content":"Good to have you here.","idempotency_key":"old-17","read":true}]}"#,
    result:
      #"{"messages":[{"nid":"BAJibw.1","create_time":"2024-05-01T08:00:00.000Z","duplicate":false}],"imported":1}"#
  )

  private let team: Text?
  private let reader: Text?
  private let given: [ImportedMessage]

  init(_ arguments: Arguments) throws(RPCError) {
    team = try arguments(Common.teamID.optional)
    reader = try arguments(Self.readerID)
    given = try arguments(Self.messages)
    var keys: Set<SenderKey> = []
    for (index, message) in given.enumerated() {
      func refuse(_ member: String, _ rule: String) throws(RPCError) {
        throw .invalidParams(
          pointer: "/messages/\(index)/\(member)", message: "messages/\(index)/\(member) must \(rule)")
      }
      if index > 0, message.time < given[index - 1].time {
        try refuse("create_time", "not be before that of the message before it")
      }
      if let key = message.draft.senderKey, !keys.insert(key).inserted {
        try refuse("idempotency_key", "not be that of another message of this sender")
      }
      if reader == nil, let flag = message.flags.first {
        try refuse("\(flag)", "be left out without reader_id")
      }
    }
  }

  private var log: LogName {
    switch (team, reader) {
    case (let team?, let reader?): .member(team: team, user: reader)
    case (let team?, nil): .team(team)
    case (nil, let reader?): .account(reader)
    case (nil, nil): .everyone
    }
  }

  private var inbox: Inbox? { Inbox(own: log) }

  var claims: [Claim] {
    let place: Claim =
      team.map { .team($0) } ?? (reader == nil ? .everyone : .account(pointer: "/reader_id"))
    return [.anybody, place]
  }

  var dependencies: [Dependency] {
    [.log(log, .exclusive)] + (inbox.map { [.log($0.shared, .read)] } ?? [])
  }

  /// How many times others may be first before the call gives up.
  private static let races = 20

  func run(_ backend: Backend, _ context: CallContext) async throws -> [UInt8] {
    let receipts = try await add(backend, context)
    try await mark(receipts, backend)
    return JSONWriter.object(reserving: 64 + 128 * receipts.count) { writer in
      writer.key("messages")
      writer.beginArray()
      for receipt in receipts {
        writer.beginObject()
        writer.receipt(receipt, in: log)
        writer.endObject()
      }
      writer.endArray()
      writer.member("imported", receipts.count { !$0.duplicate })
    }
  }

  private func add(_ backend: Backend, _ context: CallContext) async throws -> [Receipt] {
    let change = Backdating(given.map { ($0.draft, $0.time) })
    for _ in 0..<Self.races {
      do {
        let (receipts, new) = try await backend.store.read(before: context.deadline) { [log] in
          try change.decide(log, $0)
        }
        if !new.isEmpty { try await restore(new, receipts, backend) }
        return receipts
      } catch let refusal as Backdating.Refusal {
        throw RPCError(refusal)
      } catch StoreError.unfit(let unfit) {
        switch unfit.reason {
        // Somebody else has added a message meanwhile.
        case .number, .taken, .time: continue
        default: throw StoreError.unfit(unfit)
        }
      }
    }
    throw StoreError.unavailable("others added messages to the log all the time")
  }

  /// Adds what is new. A key that a message of another time has is a conflict of the message that was given with it.
  private func restore(_ new: [LogEntry], _ receipts: [Receipt], _ backend: Backend) async throws {
    do {
      _ = try await backend.store.restore([.entries(log, new)])
    } catch StoreError.unfit(let unfit) {
      if case .key(let seq) = unfit.reason, let index = receipts.firstIndex(where: { $0.seq == seq }) {
        throw Backdating.Refusal.conflict(index)
      }
      throw StoreError.unfit(unfit)
    }
  }

  /// Sets the marks of the messages, also of those that were there: a call that failed in between is completed.
  private func mark(_ receipts: [Receipt], _ backend: Backend) async throws {
    guard let inbox else { return }
    var names: [(flag: MarkChange.Flag, name: MessageName)] = []
    for (message, receipt) in zip(given, receipts) {
      for flag in message.flags { names.append((flag, MessageName(log: log, seq: receipt.seq))) }
    }
    guard !names.isEmpty else { return }
    try await backend.store.change(marksOf: inbox) { [names] reader, state in
      let kept = state.visible(.own)
      for flag in [MarkChange.Flag.read, .seen, .archived] {
        let some = names.filter { $0.flag == flag && kept.contains($0.name.seq) }.map(\.name)
        if !some.isEmpty { _ = try MarkChange(flag, .messages(some)).apply(to: &state, reader) }
      }
    }
  }
}

extension RPCError {
  /// The error for a message that can't be added.
  fileprivate init(_ refusal: Backdating.Refusal) {
    switch refusal {
    case .future(let index):
      self = .invalidParams(
        pointer: "/messages/\(index)/create_time",
        message: "messages/\(index)/create_time must not be in the future")
    case .conflict(let index):
      self = .conflict(
        pointer: "/messages/\(index)/idempotency_key",
        message: "this key was used before to send something else")
    case .late(let index):
      self = .conflict(
        pointer: "/messages/\(index)/create_time", message: "the log has later messages than this one")
    }
  }
}
