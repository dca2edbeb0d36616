import Inbox
import JSONRPC

/// Deletes messages for one reader.
struct DeleteMessage: MarkMethod {
  static let name: StaticString = "delete_message"
  static let summary = "Deletes messages for this reader alone; it can't be undone."
  static let flag = MarkChange.Flag.deleted
  let marking: MarkParameters

  init(_ arguments: Arguments) throws(RPCError) {
    marking = try MarkParameters(arguments)
  }
}
