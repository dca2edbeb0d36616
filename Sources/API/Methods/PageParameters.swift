import Caches
import Inbox
import JSON
import JSONRPC

/// The common part of `get_team_message` and `get_account_message`.
struct PageParameters {
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
    let limit = backend.limits.answerBytes
    let (matches, written) = (backend.matches, backend.written)
    return try await context.answer {
      try await backend.store.read(before: context.deadline) { [query, byNumber] reader in
        let timed = TimedReader(reader, context.checkTime)
        let page = try query.page(IndexedReader(timed, matches)) { log, numbers in
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
}
