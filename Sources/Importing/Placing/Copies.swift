import Inbox

/// Copies of one content, which may be read again and again. As many as a team may have readers lie in a file.
struct Copies {
  /// How they are ordered.
  enum Order {
    /// By time, and then by reader.
    case time
    /// By reader, and then by time.
    case reader
  }

  /// The copies that stay in memory.
  static let mostHeld = 1 << 15

  private let order: Order
  private let memory: Int
  private let folder: String
  private let most: Int
  private var held: [Merging.Member] = []
  private var sorter: Sorter?
  private var records: SortedRecords?
  /// The number of copies.
  private(set) var count = 0

  /// No copies yet; more than `most` lie in a file in `folder`.
  init(by order: Order, memory: Int, folder: String, most: Int = Copies.mostHeld) {
    (self.order, self.memory, self.folder, self.most) = (order, memory, folder, most)
  }

  /// Adds a copy; none may be added once they were read.
  mutating func add(_ copy: Merging.Member) throws {
    count += 1
    if sorter == nil, held.count < most {
      held.append(copy)
      return
    }
    let sorter = sorter ?? Sorter(memory: memory, folder: folder)
    self.sorter = sorter
    for copy in held { try put(copy, sorter) }
    held = []
    try put(copy, sorter)
  }

  private func put(_ copy: Merging.Member, _ sorter: Sorter) throws {
    var key = KeyWriter()
    switch order {
    case .time:
      key.write(copy.time)
      key.write(copy.reader)
    case .reader:
      key.write(copy.reader)
      key.write(copy.time)
    }
    key.write(rest: copy.identity)
    try sorter.add(key: key.bytes, value: [copy.flags.rawValue])
  }

  /// Calls `body` with each copy, in order.
  mutating func each(_ body: (Merging.Member) throws -> Void) throws {
    if let records {
      self.records = try records.again()
    } else if let sorter {
      self.records = try sorter.sorted()
    }
    guard let records else {
      held.sort { [order] in order.precedes($0, $1) }
      for copy in held { try body(copy) }
      return
    }
    while true {
      let found: Void? = try records.next { record in
        var key = KeyReader(record.key)
        var (time, reader): (Timestamp, Text)
        switch order {
        case .time: (time, reader) = (key.time(), key.text())
        case .reader: (reader, time) = (key.text(), key.time())
        }
        try body(
          Merging.Member(
            reader: reader, time: time, identity: Array(key.rest), flags: CopyRecord.flags(record.value)))
      }
      if found == nil { return }
    }
  }
}

extension Copies.Order {
  fileprivate func precedes(_ a: Merging.Member, _ b: Merging.Member) -> Bool {
    switch self {
    case .time where a.time != b.time: return a.time < b.time
    case .reader where a.reader == b.reader && a.time != b.time: return a.time < b.time
    case .time, .reader: break
    }
    return a.reader == b.reader ? a.identity.lexicographicallyPrecedes(b.identity) : a.reader < b.reader
  }
}
