import Inbox

/// Copies of which those that every reader of a team has become one message of the team; all others stay in their readers' own
/// logs. The copies are sorted three more times on the way.
final class MergedPlacement: Placement {
  private let memory: Int
  private let folder: String
  private var shared: SharedLogs
  private var own: OwnPlacements?

  /// Reads all copies, which come inbox by inbox.
  init(_ copies: SortedRecords, _ report: Report, memory: Int, folder: String) throws {
    (self.memory, self.folder) = (memory, folder)
    var report = report
    let alike = try Self.byContent(copies, Sorter(memory: memory, folder: folder), &report)
    let teams = try Self.byTeam(
      alike, Sorter(memory: memory, folder: folder), Window(memory: memory, folder: folder))
    shared = SharedLogs(teams, Sorter(memory: memory, folder: folder), report)
  }

  var report: Report { own?.logs.report ?? shared.report }

  func next() throws -> [Restored]? {
    if own == nil {
      let items = try shared.next()
      if !items.isEmpty { return items }
      own = OwnPlacements(try shared.inboxes(), OwnLogs(shared.report))
    }
    return try own?.next()
  }

  /// Sorts the copies by team and content. The number of a team's readers comes first.
  private static func byContent(
    _ copies: SortedRecords, _ sorter: Sorter, _ report: inout Report
  ) throws -> SortedRecords {
    var (team, reader): ([UInt8], [UInt8]) = ([], [])
    var last: (key: [UInt8], body: [UInt8]) = ([], [])
    var readers = 0
    func end() throws {
      guard readers > 0 else { return }
      try sorter.add(key: team + [0], value: withUnsafeBytes(of: readers, Array.init))
    }
    while true {
      let found: Void? = try copies.next { record in
        let body = record.value.dropFirst()
        if last.key.elementsEqual(record.key), last.body.elementsEqual(body) {
          report.doubles += 1
          return
        }
        last = (Array(record.key), Array(body))
        var key = KeyReader(record.key)
        key.skipText()
        let teamCount = key.offset
        if !team.withUnsafeBytes({ $0.elementsEqual(record.key[..<teamCount]) }) {
          try end()
          (team, reader, readers) = (Array(record.key[..<teamCount]), [], 0)
        }
        key.skipText()
        let name = record.key[teamCount..<key.offset]
        if !reader.withUnsafeBytes({ $0.elementsEqual(name) }) {
          reader = Array(name)
          readers += 1
        }
        var alike = KeyWriter()
        alike.write(rest: team)
        alike.write(byte: 1)
        // The flags are not part of the content.
        alike.write(Fingerprint.of(body))
        alike.write(rest: Array(record.key[key.offset..<key.offset + 8]))
        alike.write(rest: reader)
        alike.write(rest: Array(record.key[(key.offset + 8)...]))
        try sorter.add(key: alike.bytes, value: Array(record.value))
      }
      if found == nil { break }
    }
    try end()
    return try sorter.sorted()
  }

  /// Sorts the copies by team again: first its messages with what each reader did, in the order of their times, then the
  /// readers' own copies.
  private static func byTeam(
    _ alike: SortedRecords, _ sorter: Sorter, _ window: consuming Window
  ) throws -> SortedRecords {
    while true {
      let found: Void? = try alike.next { record in
        var key = KeyReader(record.key)
        key.skipText()
        let team = record.key[..<key.offset]
        if key.byte() == 0 {
          try window.end(sorter)
          window.begin(Array(team), readers: record.value.loadUnaligned(as: Int.self))
          return
        }
        _ = key.number()
        let time = key.time()
        let reader = key.text()
        try window.add(
          Merging.Member(
            reader: reader, time: time, identity: Array(key.rest), flags: CopyRecord.flags(record.value)),
          body: record.value.dropFirst(), sorter)
      }
      if found == nil { break }
    }
    try window.end(sorter)
    return try sorter.sorted()
  }
}

/// Copies with one content that lie within the spread.
private struct Window {
  private let memory: Int
  private let folder: String
  private var team: [UInt8] = []
  private var merging = Merging(readers: 0)
  private var body: [UInt8] = []
  private var first: Timestamp?
  private var copies: Copies

  init(memory: Int, folder: String) {
    // The sorters before and after the window are full at the same time.
    (self.memory, self.folder) = (memory / 8, folder)
    copies = Copies(by: .time, memory: memory / 8, folder: folder)
  }

  mutating func begin(_ team: [UInt8], readers: Int) {
    (self.team, merging) = (team, Merging(readers: readers))
  }

  mutating func add(_ copy: Merging.Member, body: Slice<UnsafeRawBufferPointer>, _ sorter: Sorter) throws {
    if let first, copy.time - first > Merging.spread || !self.body.elementsEqual(body) { try end(sorter) }
    if first == nil { (first, self.body) = (copy.time, Array(body)) }
    try copies.add(copy)
  }

  mutating func end(_ sorter: Sorter) throws {
    guard first != nil else { return }
    let (team, body) = (team, body)
    let fingerprint = Fingerprint.of(body)
    var last: (message: Merging.Found, name: KeyWriter)?
    func name(_ message: Merging.Found) -> KeyWriter {
      if let last, last.message == message { return last.name }
      var name = KeyWriter()
      name.write(rest: team)
      name.write(byte: 0)
      name.write(message.time)
      // Messages of the same time are in the order of their first copies.
      name.write(bytes: message.identity)
      name.write(fingerprint)
      last = (message, name)
      return name
    }
    var rest = Copies(by: .reader, memory: memory, folder: folder)
    try merging.divide(&copies, &rest) { message in
      try sorter.add(key: name(message).bytes + [0], value: [0] + body)
    } place: { copy, message in
      if let message {
        var key = name(message)
        key.write(byte: 1)
        key.write(copy.reader)
        try sorter.add(key: key.bytes, value: [copy.flags.rawValue])
        return
      }
      var key = KeyWriter()
      key.write(rest: team)
      key.write(byte: 1)
      key.write(copy.reader)
      key.write(copy.time)
      key.write(rest: copy.identity)
      try sorter.add(key: key.bytes, value: [copy.flags.rawValue] + body)
    }
    (self.body, first) = ([], nil)
    copies = Copies(by: .time, memory: memory, folder: folder)
  }
}

/// The hash by which equal contents are brought together; whether they are equal is looked at afterwards.
enum Fingerprint {
  static func of(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }
}
