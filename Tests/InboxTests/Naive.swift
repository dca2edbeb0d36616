import Inbox
import MemoryStore
import Testing

/// The simplest possible inbox, for comparison: one array of copies with flags.
struct Naive {
  struct Copy {
    var name: MessageName
    var message: Message
    var side: Inbox.Side
    var read: Bool
    var seen = false
    var archived = false
    var deleted = false
  }

  let inbox: Inbox
  /// The copies, oldest first.
  var copies: [Copy] = []

  mutating func deliver(_ message: Message, to log: LogName) {
    guard let side = inbox.side(of: log) else { return }
    copies.append(
      Copy(
        name: MessageName(log: log, seq: message.seq), message: message, side: side,
        read: message.body.sender == inbox.user))
    copies.sort { Self.order($0) < Self.order($1) }
  }

  private static func order(_ copy: Copy) -> (Timestamp, Int, Int) {
    (copy.message.time, copy.side == .shared ? 0 : 1, copy.message.seq)
  }

  func list(_ view: View, _ order: Order, _ filter: Filter) -> [Copy] {
    let shown = copies.filter { copy in
      guard !copy.deleted else { return false }
      let inView =
        switch view {
        case .all: true
        case .archived: copy.archived
        case .inbox: !copy.archived
        case .unread: !copy.archived && !copy.read
        case .read: !copy.archived && copy.read
        }
      let body = copy.message.body
      let passes =
        (filter.concerning.map { body.sender == $0 || body.receiver == $0 } ?? true)
        && (filter.types.isEmpty || filter.types.contains(body.type))
      return inView && passes
    }
    switch order {
    case .oldest: return shown
    case .newest: return shown.reversed()
    case .unreadFirst: return shown.reversed().filter { !$0.read } + shown.reversed().filter(\.read)
    }
  }

  mutating func mark(_ flag: MarkChange.Flag, _ chosen: (Copy, Int) -> Bool) -> Int {
    var changed = 0
    for index in copies.indices where !copies[index].deleted && chosen(copies[index], index) {
      let before = (copies[index].read, copies[index].seen, copies[index].archived, copies[index].deleted)
      switch flag {
      case .read: copies[index].read = true
      case .unread: copies[index].read = false
      case .seen: copies[index].seen = true
      case .archived: copies[index].archived = true
      case .unarchived: copies[index].archived = false
      case .deleted: copies[index].deleted = true
      }
      let after = (copies[index].read, copies[index].seen, copies[index].archived, copies[index].deleted)
      if before != after { changed += 1 }
    }
    return changed
  }
}
