import Inbox
import Testing

@testable import MongoStore

/// Records are decoded again only when their bytes are others.
struct DecodedTests {
  private struct Fault: Error {}

  /// Decodes a record; returns its value and whether that took a decoding.
  private func decode(
    _ decoded: Decoded<Int>, _ name: LogName, _ byte: UInt8, _ count: Int = 100
  ) throws -> (value: Int, isNew: Bool) {
    var isNew = false
    let value = try decoded.value(of: name, .init(repeating: byte, count: count)) { bytes throws in
      isNew = true
      guard bytes[0] > 0 else { throw Fault() }
      return Int(bytes[0])
    }
    return (value, isNew)
  }

  @Test func theSameBytesAreDecodedOnce() throws {
    let decoded = Decoded<Int>()
    #expect(try decode(decoded, team, 1) == (1, true))
    #expect(try decode(decoded, team, 1) == (1, false))
    #expect(try decode(decoded, bob.own, 1) == (1, true))
    // Changed, and changed back.
    #expect(try decode(decoded, team, 2) == (2, true))
    #expect(try decode(decoded, team, 1) == (1, true))
  }

  @Test func damageIsToldEachTime() throws {
    let decoded = Decoded<Int>()
    for _ in 0..<2 { #expect(throws: Fault.self) { try decode(decoded, team, 0) } }
  }

  @Test func shortOnesAreNotKept() throws {
    let decoded = Decoded<Int>()
    for _ in 0..<2 { #expect(try decode(decoded, team, 1, 10) == (1, true)) }
  }

  @Test func theLeastRecentlyUsedGo() throws {
    let decoded = Decoded<Int>()
    let names = (0..<4).map { LogName.team(Text("\($0)")) }
    // Each about a third of what is kept.
    for name in names { _ = try decode(decoded, name, 1, 300_000) }
    #expect(try decode(decoded, names[3], 1, 300_000) == (1, false))
    #expect(try decode(decoded, names[0], 1, 300_000) == (1, true))
  }
}
