import Testing

@testable import Inbox

/// The bounds of the data in a store, of whatever kind.
@Suite struct StoreBoundsTests {
  private static let extremes = [Int.min, -1, 0, 1, 1 << 53, (1 << 53) + 1, 1 << 62, .max]

  private func body(_ type: Text = "note") -> MessageBody { MessageBody(type: type) }

  @Test(arguments: extremes) func numbers(_ seq: Int) throws {
    let message = Message(seq: seq, time: 0, body: body())
    if (1...1 << 53).contains(seq) {
      try message.check()
    } else {
      #expect(throws: OutOfBounds.self) { try message.check() }
    }
    let log = LogState(head: seq)
    if (0...1 << 53).contains(seq) {
      try log.check()
    } else {
      #expect(throws: StoreError.self) { try log.check() }
    }
  }

  @Test(arguments: [Timestamp.min, -62_167_219_200_001, 253_402_300_800_000, .max])
  func times(_ time: Timestamp) throws {
    #expect(throws: OutOfBounds.self) { try Message(seq: 1, time: time, body: body()).check() }
    try Message(seq: 1, time: time < 0 ? -62_167_219_200_000 : 253_402_300_799_999, body: body()).check()
  }

  @Test func lengths() throws {
    func check(_ change: (inout MessageBody) -> Void) throws {
      var body = body()
      change(&body)
      try Message(seq: 1, time: 0, body: body).check()
    }
    let (long, longer) = (String(repeating: "x", count: 65_536), String(repeating: "x", count: 65_537))
    try check { ($0.content, $0.data) = (long, long) }
    try check { ($0.username, $0.teamName) = ("", String(long.prefix(1024))) }
    try check { ($0.type, $0.sender, $0.receiver) = (Text(String(long.prefix(128))), "a", "b") }
    let wrong: [(inout MessageBody) -> Void] = [
      { $0.content = longer }, { $0.data = longer }, { $0.username = String(long.prefix(1025)) },
      { $0.teamName = longer }, { $0.type = "" }, { $0.sender = "" }, { $0.receiver = "" },
      { $0.sender = Text(String(long.prefix(129))) }, { $0.type = Text(longer) },
    ]
    for change in wrong { #expect(throws: OutOfBounds.self) { try check(change) } }
  }

  /// Bytes of marks with one number changed. If they can be read, every result can be computed; if not, they
  /// are refused.
  @Test(arguments: extremes.filter { $0 >= 0 }) func marks(_ value: Int) throws {
    let place = 1 << 53
    for field in 0..<4 {
      let bytes = sections(
        2,
        [
          (
            1,
            { writer in
              writer.writeByte(1)
              (field == 0 ? SequenceSet(value) : SequenceSet()).encode(to: &writer)
              writer.writeVarint(UInt64(field == 1 ? value : field == 0 ? place + 1 : 1))
            }
          ),
          (2, { if field == 2, value > 0 { SequenceSet(value).encode(to: &$0) } }),
          (11, { if field == 3, value > 0 { $0.writeVarint(UInt64(value)) } }),
        ])
      let isSound =
        switch field {
        case 1: (1...place + 1).contains(value)
        default: value <= place
        }
      if isSound {
        let marks = try Marks(version: 1, stamp: 0, encoded: bytes)
        var state = InboxState(inbox: Inbox(user: "u"), marks: marks)
        state.shared.head = place
        _ = state.counts
        state.leave()
        state.join(from: .now)
        _ = (state.marks.last(.shared), state.counts)
      } else {
        #expect(throws: (any Error).self, "\(field)") {
          try Marks(version: 1, stamp: 0, encoded: bytes)
        }
      }
    }
  }

  /// Sections as bytes, without those that are empty.
  private func sections(_ format: UInt8, _ parts: [(tag: UInt8, write: (inout ByteWriter) -> Void)])
    -> [UInt8]
  {
    let written = parts.compactMap { part -> [UInt8]? in
      var writer = ByteWriter()
      part.write(&writer)
      guard !writer.bytes.isEmpty else { return nil }
      var section = ByteWriter()
      section.writeByte(part.tag)
      section.writeBytes(writer.bytes)
      return section.bytes
    }
    return [format, UInt8(written.count)] + written.flatMap { $0 }
  }

  /// The tail, the count, a kept number, and the number of kept numbers.
  @Test(arguments: extremes.filter { $0 >= 0 }, 0..<4) func records(_ value: Int, _ field: Int) throws {
    var numbers = [1, 1, 1, 1]
    numbers[field] = value
    let bytes = sections(
      3,
      [
        (1, { if numbers[0] != 1 { $0.writeVarint(UInt64(numbers[0])) } }),
        (2, { SequenceSet(1).encode(to: &$0) }),
        (
          3,
          { writer in
            writer.writeVarint(UInt64(numbers[1]))
            writer.writeNumber(.max)
            writer.writeVarint(UInt64(numbers[3]))
            writer.writeVarint(UInt64(numbers[2]))
          }
        ),
      ])
    let isSound =
      switch field {
      case 0: (1...(1 << 53) + 1).contains(value)
      case 2: (1...1 << 53).contains(value)
      default: value == 1
      }
    if isSound {
      var record = try LogRecord(encoded: bytes)
      _ = record.retract(7)
      _ = try LogRecord(encoded: record.encoded)
    } else {
      #expect(throws: (any Error).self) { try LogRecord(encoded: bytes) }
    }
  }
}
