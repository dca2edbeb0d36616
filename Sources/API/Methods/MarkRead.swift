import Inbox
import JSONRPC

/// Marks messages as read.
struct MarkRead: MarkMethod {
  static let name: StaticString = "mark_read"
  static let summary = "Marks messages as read."
  static let flag = MarkChange.Flag.read
  let marking: MarkParameters

  init(_ arguments: Arguments) throws(RPCError) {
    marking = try MarkParameters(arguments)
  }
}
