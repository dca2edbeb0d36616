import Inbox
import JSONRPC

/// Brings messages back from the archive.
struct UnarchiveMessage: MarkMethod {
  static let name: StaticString = "unarchive_message"
  static let summary = "Moves messages back from the archive into the inbox."
  static let flag = MarkChange.Flag.unarchived
  let marking: MarkParameters

  init(_ arguments: Arguments) throws(RPCError) {
    marking = try MarkParameters(arguments)
  }
}
