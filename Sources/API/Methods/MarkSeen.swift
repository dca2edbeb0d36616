import Inbox
import JSONRPC

/// Marks messages as seen.
struct MarkSeen: MarkMethod {
  static let name: StaticString = "mark_seen"
  static let summary = "Marks messages as seen: the reader knows that they are there."
  static let flag = MarkChange.Flag.seen
  let marking: MarkParameters

  init(_ arguments: Arguments) throws(RPCError) {
    marking = try MarkParameters(arguments)
  }
}
