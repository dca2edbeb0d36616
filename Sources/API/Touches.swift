import Inbox
import JSONRPC

extension Touch {
  /// A touch of a log. An inbox's marks are touched through its own log, which only its reader uses.
  static func log(_ log: LogName, _ mode: Mode) -> Touch {
    Touch(key: UInt64(bitPattern: Int64(log.hashValue)), mode: mode)
  }
}

extension [Touch] {
  /// The touches for reading an inbox.
  static func reading(_ inbox: Inbox) -> [Touch] {
    [.log(inbox.shared, .read), .log(inbox.own, .read)]
  }

  /// The touches for changing an inbox's marks.
  static func marking(_ inbox: Inbox) -> [Touch] {
    [.log(inbox.shared, .read), .log(inbox.own, .mark)]
  }
}
