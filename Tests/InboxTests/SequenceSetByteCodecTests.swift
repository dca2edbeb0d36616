import Testing

@testable import Inbox

@Suite struct SequenceSetByteCodecTests {
  @Test(
    arguments: [
      (0, [0]), (1, [1]), (127, [0x7F]), (128, [0x80, 1]), (300, [0xAC, 2]), (16_383, [0xFF, 0x7F]),
      (16_384, [0x80, 0x80, 1]),
      (UInt64(Int.max), [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
      (.max, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]),
    ] as [(UInt64, [UInt8])])
  func varints(_ value: UInt64, _ bytes: [UInt8]) throws {
    var writer = ByteWriter()
    writer.writeVarint(value)
    #expect(writer.bytes == bytes)
    var reader = ByteReader(bytes)
    #expect(try reader.readVarint() == value)
    #expect(reader.isAtEnd)
    for length in 0..<bytes.count {
      #expect(throws: DecodingFailure.self) {
        var reader = ByteReader(Array(bytes.prefix(length)))
        _ = try reader.readVarint()
      }
    }
  }

  @Test func everyBitRoundTrips() throws {
    for bit in 0..<64 {
      let power: UInt64 = 1 << bit
      for value in [power, power - 1, ~power] {
        var writer = ByteWriter()
        writer.writeVarint(value)
        var reader = ByteReader(writer.bytes)
        #expect(try reader.readVarint() == value)
        #expect(reader.isAtEnd)
      }
    }
  }

  @Test(
    arguments: [
      [0x80, 0], [0xFF, 0x80, 0],
      [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2],
      [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1],
      [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
    ] as [[UInt8]])
  func varintsThatAreRefused(_ bytes: [UInt8]) {
    #expect(throws: DecodingFailure.self) {
      var reader = ByteReader(bytes)
      _ = try reader.readVarint()
    }
  }

  @Test func aCountAboveIntMaxIsRefused() {
    var writer = ByteWriter()
    writer.writeVarint(UInt64(Int.max) + 1)
    var reader = ByteReader(writer.bytes)
    #expect(throws: DecodingFailure(offset: 0, reason: "a number is too large")) { try reader.readCount() }
  }

  @Test func allKindsInOrder() throws {
    var writer = ByteWriter(reservingCapacity: 32)
    writer.writeByte(0xFE)
    writer.writeBytes([])
    writer.writeBytes(Array("héllo".utf8))
    writer.writeVarint(7)
    var reader = ByteReader(writer.bytes)
    #expect(try reader.readByte() == 0xFE)
    #expect(try reader.readBytes().isEmpty)
    #expect(String(decoding: try reader.readBytes(), as: UTF8.self) == "héllo")
    #expect(throws: DecodingFailure(offset: 9, reason: "bytes are left over")) { try reader.expectEnd() }
    #expect(try reader.readVarint() == 7)
    try reader.expectEnd()
    #expect(throws: DecodingFailure(offset: 10, reason: "the bytes end early")) { try reader.readByte() }
  }

  @Test(
    arguments: [
      [3, 1, 2], [1], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 1],
      [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 1],
    ] as [[UInt8]])
  func byteStringsLongerThanTheBytes(_ bytes: [UInt8]) {
    #expect(throws: DecodingFailure.self) {
      var reader = ByteReader(bytes)
      _ = try reader.readBytes()
    }
  }
}
