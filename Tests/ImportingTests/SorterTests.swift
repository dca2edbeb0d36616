import Seeds
import Testing

@testable import Importing

/// Records are in order, whether they fit in memory or not.
struct SorterTests {
  private func all(_ records: SortedRecords) throws -> [[UInt8]] {
    var found: [[UInt8]] = []
    while let record = try records.next({ Array($0.key) + [0xFF] + Array($0.value) }) { found.append(record) }
    return found
  }

  @Test(arguments: [(0, 1_000), (1, 1_000), (5_000, 1 << 20), (5_000, 20_000), (500, 1)])
  func anyNumber(_ count: Int, _ memory: Int) throws {
    var random = SeededGenerator.printed()
    let sorter = Sorter(memory: memory, folder: "/tmp")
    var expected: [(key: [UInt8], value: [UInt8])] = []
    for number in 0..<count {
      let key = (0..<Int.random(in: 1...12, using: &random)).map { _ in
        UInt8.random(in: 0...3, using: &random)
      }
      let value = Array("\(number)".utf8) + Array(repeating: 7, count: number == 17 ? 40_000 : number % 50)
      try sorter.add(key: key, value: value)
      expected.append((key, value))
    }
    let found = try all(try sorter.sorted())
    expected.sort { $0.key.lexicographicallyPrecedes($1.key) }
    // Equal keys come in any order.
    #expect(Set(found) == Set(expected.map { $0.key + [0xFF] + $0.value }))
    #expect(zip(found, expected).allSatisfy { $0.starts(with: $1.key + [0xFF]) })
    #expect(found.count == count)
    #expect(try all(try sorter.sorted()).isEmpty, "a sorter is empty afterwards")
  }

  @Test func aFolderThatIsNotThere() throws {
    let sorter = Sorter(memory: 1, folder: "/nowhere/at/all")
    try sorter.add(key: [1], value: [])
    #expect(throws: SpillFailure.self) { try sorter.add(key: [2], value: []) }
  }

  @Test func keysAreOrderedByTheirParts() {
    func key(_ parts: String..., time: Int64) -> [UInt8] {
      var writer = KeyWriter()
      for part in parts { writer.write(.init(part)) }
      writer.write(time)
      return writer.bytes
    }
    let keys = [
      key("", "b", time: 0), key("a", "", time: -5), key("a", "", time: 5), key("a", "\0", time: -9),
      key("a", "\0\0", time: 1),
      key("a", "a", time: .min), key("a", "a", time: .max), key("a\0", "a", time: 0), key("ab", "a", time: 0),
      key("é", "a", time: 0),
    ]
    #expect(zip(keys, keys.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
    for name in ["", "a", "\0", "a\0b\0\0", "é"] {
      var writer = KeyWriter()
      writer.write(.init(name))
      writer.write(Int64(-3))
      writer.bytes.withUnsafeBytes { bytes in
        var reader = KeyReader(bytes)
        #expect(reader.text() == .init(name))
        #expect(reader.time() == -3)
        var skipping = KeyReader(bytes)
        skipping.skipText()
        #expect(skipping.time() == -3)
      }
    }
  }
}
