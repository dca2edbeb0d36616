/// What one call restores: the items of each log joined, and the marks. A value that every store carries out.
public struct RestorePlan: Sendable {
  /// The logs, in the order in which they were first named.
  public private(set) var logs: [LogRestore] = []
  /// The marks; an inbox occurs once, the last item counts.
  public private(set) var marks: [MarksRestore] = []

  /// Joins the items and checks what needs no store. Throws `unfit`.
  public init(_ items: [Restored]) throws(StoreError) {
    var places: [LogName: Int] = [:]
    var inboxes: [Inbox: Int] = [:]
    func place(_ log: LogName) -> Int {
      if let place = places[log] { return place }
      places[log] = logs.count
      logs.append(LogRestore(log: log))
      return logs.count - 1
    }
    for item in items {
      switch item {
      case .entries(let log, let entries, let tail): try logs[place(log)].add(entries, tail: tail)
      case .record(let log, let record): try logs[place(log)].set(record)
      case .marks(let inbox, let marks):
        let restore = try MarksRestore(inbox: inbox, marks: marks)
        if let place = inboxes[inbox] {
          self.marks[place] = restore
        } else {
          inboxes[inbox] = self.marks.count
          self.marks.append(restore)
        }
      }
    }
  }

  /// The logs that may change, and the own logs of the inboxes whose marks may.
  public var touched: [LogName] { logs.map(\.log) + marks.map(\.inbox.own) }

  /// The approximate number of bytes that are written.
  public var size: Int {
    logs.reduce(0) { $0 + $1.size } + marks.reduce(0) { $0 + $1.bytes.count + 256 }
  }
}

/// The marks of one inbox that are to be restored.
public struct MarksRestore: Sendable {
  /// The inbox.
  public let inbox: Inbox
  /// The marks, with version and stamp.
  public let marks: Marks
  /// The bytes of the marks.
  public let bytes: [UInt8]

  init(inbox: Inbox, marks: Marks) throws(StoreError) {
    var marks = marks
    if marks.version == 0 { marks.version = 1 }
    if marks.stamp == 0 { marks.stamp = .random(in: 1 ... .max) }
    do {
      try marks.check()
    } catch {
      throw .unfit(Unfit(inbox.own, .marks))
    }
    bytes = marks.encoded
    guard bytes.count <= Marks.maximumSize else { throw .marksTooLarge }
    (self.inbox, self.marks) = (inbox, marks)
  }

  /// Whether the marks have to be written over those that the inbox has, in logs that end at these numbers. Throws
  /// `unfit` if the inbox has others, or if the logs lack messages.
  public func isNew(over held: Marks, shared: Int, own: Int) throws(StoreError) -> Bool {
    if held.version > 0 {
      guard held.encoded == bytes else { throw .unfit(Unfit(inbox.own, .otherMarks)) }
      return false
    }
    guard marks.last(.shared) <= shared, marks.last(.own) <= own else {
      throw .unfit(Unfit(inbox.own, .marks))
    }
    return true
  }
}

extension Restored.Counts {
  /// Counts what is written.
  public init(_ logs: [LogWrites], _ marks: [MarksRestore]) {
    self.init()
    messages = logs.reduce(0) { $0 + $1.entries.count }
    records = logs.count { $0.record != nil }
    self.marks = marks.count
  }
}
