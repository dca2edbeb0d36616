import Caches
import Inbox
import JSON
import JSONRPC

/// The common part of `get_team_message` and `get_account_message`. A class: a call and what reads for it share it.
final class PageParameters: Sendable {
  static let parameters: [any ParameterDescription] = [
    Common.pageSize, Common.pageNo, Common.cursor, Common.onlySelf, Common.view, Common.order,
    Common.types,
  ]

  let query: PageQuery
  let byNumber: Bool

  init(_ arguments: Arguments, _ inbox: Inbox) throws(RPCError) {
    let size = try arguments(Common.pageSize)
    let number = try arguments(Common.pageNo)
    let text = try arguments(Common.cursor)
    if number != nil, text != nil {
      throw .invalidParams(pointer: "/cursor", message: "cursor and pageNo exclude one another")
    }
    let cursor = text.flatMap(Cursor.init(text:))
    if text != nil, cursor == nil {
      throw .invalidParams(pointer: "/cursor", message: "cursor must be a next_cursor of this listing")
    }
    let onlySelf = try arguments(Common.onlySelf)
    var query = PageQuery(inbox: inbox, view: try arguments(Common.view), order: try arguments(Common.order))
    query.filter = Filter(
      concerning: onlySelf ? inbox.user : nil, types: try arguments(Common.types))
    query.size = size
    if let number { query.start = .page(number: number) }
    if let cursor {
      guard query.made(cursor) else {
        throw .invalidParams(
          pointer: "/cursor", message: "cursor was made by a listing with other parameters")
      }
      query.start = .cursor(cursor)
    }
    self.query = query
    byNumber = number != nil
  }

  func run(_ backend: Backend, _ context: CallContext) async throws -> [UInt8] {
    let read = read(backend, context)
    return try await context.answer { try await backend.store.read(before: context.deadline, read) }
  }

  /// Begins the work of `run` without a task, where the store can do that. An answer for which there is no room has to
  /// wait for it, as a task.
  func begin(
    _ backend: Backend, _ context: CallContext, _ done: @escaping @Sendable (PreparedCall.Outcome) -> Void
  ) -> PreparedCall.Begun {
    let takeBack = backend.store.read(before: context.deadline, read(backend, context)) { result in
      switch result {
      case .success(let page): done(.result(page))
      case .failure(let error): done(error is NoRoom || error is NeedsTask ? .needsTask : .failure(error))
      }
    }
    return takeBack.map { .queued($0) } ?? .needsTask
  }

  /// Reads the page and writes it.
  private func read(
    _ backend: Backend, _ context: CallContext
  ) -> @Sendable (any StoreReader) throws -> [UInt8] {
    let limit = backend.limits.answerBytes
    return { [self, matches = backend.matches, written = backend.written] reader in
      let timed = TimedReader(reader, context.checkTime)
      // Only a filter asks for what the index knows.
      let indexed: any StoreReader = query.filter.isEmpty ? timed : IndexedReader(timed, matches)
      let page = try query.page(indexed) { log, numbers in
        try written.messages(in: log, past: reader.past, numbers) { missing in
          let prefix = MessageName.prefix(of: log)
          return try timed.messages(in: log, missing).map {
            try WrittenMessage($0, team: query.inbox.team, nidPrefix: prefix)
          }
        }
      }
      return try page.encoded(limit: limit, byNumber: byNumber, context)
    }
  }
}
