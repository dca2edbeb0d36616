import Testing

@testable import Inbox

@Suite struct SectionCodecTests {
  private struct Owner: Hashable {
    var numbers = SequenceSet()
    var count = 1
    var others = SequenceSet()
  }

  private static let codec = SectionCodec<Owner>(
    format: 9,
    [
      .set(2, { $0.numbers }, { $0.numbers = $1 }), .number(5, none: 1, { $0.count }, { $0.count = $1 }),
      .set(7, { $0.others }, { $0.others = $1 }),
    ])
  private static let full = Owner(numbers: SequenceSet(3, through: 4), count: 300, others: SequenceSet(9))
  private static let bytes: [UInt8] = [9, 3, 2, 3, 1, 2, 2, 5, 2, 0xAC, 2, 7, 3, 1, 8, 1]

  private func read(_ bytes: [UInt8]) throws -> Owner {
    var owner = Owner()
    try Self.codec.decode(bytes, into: &owner)
    return owner
  }

  @Test func everySectionIsWrittenAndComesBack() throws {
    #expect(Self.codec.encode(Self.full) == Self.bytes)
    for count in [1, 300] {
      for numbers in [SequenceSet(), SequenceSet(5)] {
        for others in [SequenceSet(), SequenceSet(numbers: [1, 7, 9])] {
          let owner = Owner(numbers: numbers, count: count, others: others)
          #expect(try read(Self.codec.encode(owner)) == owner)
        }
      }
    }
  }

  @Test func whatIsEmptyTakesNoByte() throws {
    #expect(Self.codec.encode(Owner()) == [9, 0])
    #expect(Self.codec.encode(Owner(others: SequenceSet(9))) == [9, 1, 7, 3, 1, 8, 1])
    #expect(try read([9, 0]) == Owner())
  }

  @Test func bytesThatEndEarlyOrLateAreRefused() {
    for length in Self.bytes.indices {
      #expect(throws: DecodingFailure.self) { try read(Array(Self.bytes[..<length])) }
    }
    #expect(throws: DecodingFailure.self) { try read(Self.bytes + [0]) }
    #expect(throws: DecodingFailure.self) { try read(Self.bytes + [8, 1, 0]) }
  }

  @Test(
    arguments: [
      // Another format, and numbers of sections that don't fit.
      [8, 0], [9, 1], [9, 2, 7, 3, 1, 8, 1], [9, 0, 7, 3, 1, 8, 1],
      [9, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
      // A tag twice, tags in another order.
      [9, 2, 5, 1, 2, 5, 1, 2], [9, 2, 7, 3, 1, 8, 1, 2, 3, 1, 2, 2],
      // A length that is too small, too large, or beyond the end.
      [9, 1, 7, 2, 1, 8, 1], [9, 1, 7, 4, 1, 8, 1, 1], [9, 1, 7, 9, 1, 8, 1],
      [9, 2, 2, 2, 1, 2, 2, 5, 1, 2],
      // What is empty and is written all the same.
      [9, 1, 7, 0], [9, 1, 7, 1, 0], [9, 1, 5, 1, 1], [9, 1, 8, 0],
      // An unknown tag in bytes that are damaged besides.
      [9, 2, 3, 1, 5, 2, 3, 1, 2, 2], [9, 1, 8, 4, 1], [9, 2, 8, 1, 1],
    ] as [[UInt8]])
  func otherBytesAreRefused(_ bytes: [UInt8]) {
    #expect(throws: DecodingFailure.self) { try read(bytes) }
  }

  @Test func anUnknownTagIsOfANewerVersion() {
    for bytes in [
      [9, 1, 1, 1, 7], [9, 1, 255, 2, 7, 7], [9, 2, 2, 3, 1, 2, 2, 6, 1, 0],
      [9, 3, 4, 1, 0, 5, 1, 2, 6, 1, 0],
    ] as [[UInt8]] {
      #expect(throws: NewerVersion()) { try read(bytes) }
    }
  }

  /// Marks and records with something in each of their sections.
  @Test func marksAndRecordsRefuseWhatANewerVersionWrote() throws {
    var marks = Marks()
    marks.membership.join(from: .now, head: 3)
    for side in Inbox.Side.allCases {
      let numbers = SequenceSet(numbers: [1, 3])
      (marks[side].read, marks[side].seen, marks[side].archived) = (numbers, numbers, numbers)
      (marks[side].deleted, marks[side].folded) = (numbers, 3)
    }
    #expect(try Marks(version: 0, stamp: 0, encoded: marks.encoded) == marks)
    var record = LogRecord()
    record.tail = 4
    for seq in [5, 9, 7] { _ = record.retract(seq) }
    #expect(try LogRecord(encoded: record.encoded) == record)
    #expect(Marks().encoded.count == 2 && LogRecord().encoded.count == 2)
    for bytes in [marks.encoded, Marks().encoded] {
      #expect(throws: NewerVersion()) { try Marks(version: 0, stamp: 0, encoded: newer(bytes)) }
    }
    for bytes in [record.encoded, LogRecord().encoded] {
      #expect(throws: NewerVersion()) { try LogRecord(encoded: newer(bytes)) }
    }
    for length in marks.encoded.indices {
      #expect(throws: DecodingFailure.self) {
        try Marks(version: 0, stamp: 0, encoded: Array(marks.encoded[..<length]))
      }
    }
  }

  /// The bytes with a section more.
  private func newer(_ bytes: [UInt8]) -> [UInt8] { [bytes[0], bytes[1] + 1] + bytes[2...] + [200, 1, 7] }
}
