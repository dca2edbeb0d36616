import Inbox
import JSONRPC

/// Archives messages.
struct ArchiveMessage: MarkMethod {
  static let name: StaticString = "archive_message"
  static let summary = "Moves messages out of the inbox into the archive."
  static let flag = MarkChange.Flag.archived
  let marking: MarkParameters

  init(_ arguments: Arguments) throws(RPCError) {
    marking = try MarkParameters(arguments)
  }
}
