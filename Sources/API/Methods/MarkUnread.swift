import Inbox
import JSONRPC

/// Marks messages as unread.
struct MarkUnread: MarkMethod {
  static let name: StaticString = "mark_unread"
  static let summary = "Marks messages as unread."
  static let flag = MarkChange.Flag.unread
  let marking: MarkParameters

  init(_ arguments: Arguments) throws(RPCError) {
    marking = try MarkParameters(arguments)
  }
}
