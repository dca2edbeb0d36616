import Inbox

extension Contents {
  func logs(after name: LogName?, limit: Int) -> [LogName] {
    page(Array(logs.keys), after: name, limit, by: \.self)
  }

  func inboxes(after inbox: Inbox?, limit: Int) -> [Inbox] {
    page(Array(marks.keys), after: inbox?.own, limit, by: \.own)
  }

  func marks(of inboxes: [Inbox]) -> [Marks] { inboxes.map { marks[$0] ?? Marks() } }

  private func page<Item>(
    _ items: [Item], after last: LogName?, _ limit: Int, by name: (Item) -> LogName
  ) -> [Item] {
    var items = items
    if let last { items.removeAll { name($0) <= last } }
    return Array(items.sorted { name($0) < name($1) }.prefix(limit))
  }

  func logs(_ names: [LogName]) -> [LogState] {
    names.map { name in
      logs[name].map { LogState(head: $0.messages.count, record: $0.record) } ?? LogState()
    }
  }

  func held(_ keys: [SenderKey], in log: LogName) -> Set<SenderKey> {
    Set(keys.filter { logs[log]?.keys[$0] != nil })
  }

  func entries(in name: LogName, from first: Int, limit: Int) -> [LogEntry] {
    guard let log = logs[name] else { return [] }
    let first = max(first, log.record.tail)
    guard first <= log.messages.count else { return [] }
    return log.messages[(first - 1)...].prefix(limit).map { message in
      let key = log.keysByNumber[message.seq]
      return LogEntry(
        message, isRetracted: log.record.retracted.contains(message.seq), key: key,
        digest: key.flatMap { log.keys[SenderKey(sender: message.body.sender, key: $0)]?.digest } ?? [])
    }
  }
}
