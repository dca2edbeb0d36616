import Seeds
import Testing

@testable import Inbox

@Suite struct SequenceSetBytesTests {
  static let texts = [
    "", "1", "5", "1:3", "1:500,502:1000", "1,3,5,7", "2:4,300:1000,70000", "9223372036854775807",
    "1:9223372036854775807", "1,9223372036854775807", "1:9223372036854775805,9223372036854775807",
  ]

  @Test(
    arguments: [
      ("", [0]),
      ("1", [1, 0, 1]),
      ("3:7", [1, 2, 5]),
      ("1:500,502:1000", [2, 0, 0xF4, 3, 1, 0xF3, 3]),
    ] as [(String, [UInt8])])
  func form(_ text: String, _ bytes: [UInt8]) throws {
    #expect(encoded(try sequenceSet(text)) == bytes)
  }

  @Test(arguments: texts)
  func roundTrip(_ text: String) throws {
    let set = try sequenceSet(text)
    let bytes = encoded(set)
    #expect(try decoded(bytes) == set)

    // Within other bytes, the reader reads the bytes of the set and no more.
    var reader = ByteReader([9] + bytes + [7, 8])
    #expect(try reader.readByte() == 9)
    #expect(try SequenceSet(from: &reader) == set)
    #expect(reader.remaining == 2)
  }

  @Test func randomSetsRoundTrip() throws {
    var generator = SeededGenerator.printed()
    for lowest in SequenceSetRandomTests.places {
      for _ in 0..<300 {
        let set = randomPair(lowest: lowest, width: 40, using: &generator).set
        #expect(try decoded(encoded(set)) == set)
      }
    }
  }

  @Test(
    arguments: [
      ("more ranges than bytes", [2, 0, 1]),
      ("a huge count", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0, 1]),
      ("a count above Int.max", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 1]),
      ("ranges that touch", [2, 0, 1, 0, 1]),
      ("an empty range", [1, 4, 0]),
      ("an empty second range", [2, 0, 1, 1, 0]),
      ("a gap to beyond Int.max", [2, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 1]),
      ("a length to beyond Int.max", [1, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
      ("a padded number", [1, 0x80, 0, 1]),
      ("nothing", []),
    ] as [(String, [UInt8])])
  func refused(_ what: String, _ bytes: [UInt8]) {
    #expect(throws: DecodingFailure.self, "\(what)") { try decoded(bytes) }
  }

  @Test func failuresSayWhere() {
    #expect(throws: DecodingFailure(offset: 3, reason: "ranges that touch")) {
      try decoded([2, 0, 1, 0, 1])
    }
    #expect(
      DecodingFailure(offset: 3, reason: "ranges that touch").description == "ranges that touch (at byte 3)")
  }

  @Test(arguments: texts)
  func everyTruncationIsRefused(_ text: String) throws {
    let bytes = encoded(try sequenceSet(text))
    for length in 0..<bytes.count {
      #expect(throws: DecodingFailure.self) { try decoded(Array(bytes.prefix(length))) }
    }
  }

  @Test(arguments: texts)
  func everyCorruptByteIsRefusedOrGivesAProperSet(_ text: String) throws {
    try corruptEveryByte(of: encoded(try sequenceSet(text)))
  }

  @Test func everyCorruptByteOfALongerSet() throws {
    var generator = SeededGenerator.printed()
    let numbers = (0..<60).map { _ in Int.random(in: 1...100_000, using: &generator) }
    try corruptEveryByte(of: encoded(SequenceSet(numbers: numbers)))
  }

  @Test func randomBytesAreRefusedOrGiveAProperSet() {
    var generator = SeededGenerator.printed()
    for _ in 0..<20_000 {
      let length = Int.random(in: 0...12, using: &generator)
      let bytes = (0..<length).map { _ in
        Bool.random(using: &generator)
          ? UInt8.random(in: 0...3, using: &generator) : UInt8.random(in: 0...255, using: &generator)
      }
      expectRefusedOrProper(bytes)
    }
  }

  private func corruptEveryByte(of bytes: [UInt8]) throws {
    for index in bytes.indices {
      for value in UInt8.min...UInt8.max where value != bytes[index] {
        var corrupt = bytes
        corrupt[index] = value
        expectRefusedOrProper(corrupt)
      }
    }
  }

  /// Any bytes that can be read are a proper set, and are written back as the same bytes.
  private func expectRefusedOrProper(_ bytes: [UInt8]) {
    var reader = ByteReader(bytes)
    do {
      let set = try SequenceSet(from: &reader)
      guard !isNormalised(set) || encoded(set) != Array(bytes.prefix(reader.offset)) else { return }
      Issue.record("\(set) from \(bytes)")
    } catch {
      if error.offset > bytes.count { Issue.record("\(error) from \(bytes)") }
    }
  }

  private func encoded(_ set: SequenceSet) -> [UInt8] {
    var writer = ByteWriter()
    set.encode(to: &writer)
    return writer.bytes
  }

  private func decoded(_ bytes: [UInt8]) throws -> SequenceSet {
    var reader = ByteReader(bytes)
    let set = try SequenceSet(from: &reader)
    try reader.expectEnd()
    return set
  }
}
