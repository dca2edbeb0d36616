import Inbox

/// A walk through all marks, in the order of their names.
struct MarksWalk: Sendable {
  private var name: [UInt8]?
  private static let together = 500

  /// Looks at the next marks.
  mutating func step(_ connection: Connection) throws(StoreError) -> LogWalk.Step {
    var step = LogWalk.Step()
    guard let name else {
      self.name = []
      let strange = try connection.with(.strangeMarks) { statement throws(StoreError) in
        try statement.step() ? Int(try statement.integer(0)) : 0
      }
      if strange > 0 {
        step.faults.append(Fault(.marksName, .other("rows without a name"), count: strange))
        step.mends.append(.removeStrangeMarks)
        step.logs = strange
      }
      return step
    }
    var last = name
    try connection.with(.marksAfter) { statement throws(StoreError) in
      statement.bind(name, at: 1)
      statement.bind(Int64(Self.together), at: 2)
      while try statement.step() {
        guard let inbox = try statement.bytes(3) else { throw .damagedColumn }
        guard last.lexicographicallyPrecedes(inbox) else { throw .disorder }
        last = inbox
        step.logs += 1
        try Self.take(inbox, StoredMarks(statement), connection, &step)
      }
    }
    self.name = last
    step.isOver = step.logs < Self.together
    return step
  }

  private static func take(
    _ name: [UInt8], _ stored: StoredMarks, _ connection: Connection, _ step: inout LogWalk.Step
  ) throws(StoreError) {
    let inbox: Inbox?
    do {
      inbox = Inbox(own: try LogName(encoded: name))
    } catch {
      inbox = nil
    }
    guard let inbox else {
      step.faults.append(Fault(.marksName, .other("a row whose name is no inbox's")))
      step.mends.append(.removeMarks(name))
      return
    }
    let (kinds, marks) = Marks.examined(
      stored, shared: try connection.head(of: inbox.shared), own: try connection.head(of: inbox.own))
    guard !kinds.isEmpty else { return }
    step.faults += kinds.map { Fault($0, .inbox(inbox)) }
    if kinds != [.newer] { step.mends.append(.marks(name, marks)) }
  }
}

extension Connection {
  /// The head that a log's row tells: 0 without a row, nil if it can't be read.
  fileprivate func head(of name: LogName) throws(StoreError) -> Int? {
    try with(.headOfLog) { statement throws(StoreError) in
      statement.bind(name.encoded, at: 1)
      guard try statement.step() else { return 0 }
      return try StoredLog.readable { () throws(StoreError) in
        try statement.count(0, through: Position.maximumSeq)
      }
    }
  }
}
