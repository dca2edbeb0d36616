import Inbox
import JSONRPC

extension Dependency.Mode {
  /// The call reads a log or marks.
  static let read = Self.shared
  /// The call adds to a log.
  static let append = Self.ordered(0)
  /// The call changes marks.
  static let mark = Self.ordered(1)
}

extension Dependency {
  /// A dependency on a log. An inbox's marks go by its own log, which only its reader uses.
  static func log(_ log: LogName, _ mode: Mode) -> Dependency {
    Dependency(key: UInt64(bitPattern: Int64(log.hashValue)), mode: mode)
  }
}

extension Dependency {
  /// A dependency on the subscriptions of the connection, which the call changes: its answer is sent whatever its size.
  static let subscriptions = Dependency(key: 0x7375_6273_6372_6970, mode: .ordered(2))
}

extension [Dependency] {
  /// The dependencies of a call that reads an inbox.
  static func reading(_ inbox: Inbox) -> [Dependency] {
    [.log(inbox.shared, .read), .log(inbox.own, .read)]
  }

  /// The dependencies of a call that changes an inbox's marks.
  static func marking(_ inbox: Inbox) -> [Dependency] {
    [.log(inbox.shared, .read), .log(inbox.own, .mark)]
  }
}
