import Testing

@testable import Inbox

/// What a store writes after a change of marks or of a record.
@Suite struct ReplacingTests {
  @Test func marksThatAreTheSameAreNotWritten() throws {
    var marks = Marks()
    (marks.version, marks.stamp) = (7, 9)
    #expect(try marks.replacing(marks) == nil)
  }

  @Test func aChangeIsTheNextVersion() throws {
    var before = Marks()
    (before.version, before.stamp) = (7, 9)
    var after = before
    after.shared.read = SequenceSet(3)
    // Whatever a body did to the version.
    after.version = 40
    let next = try #require(try after.replacing(before))
    #expect(next.marks.version == 8)
    #expect(next.marks.stamp != 9)
    #expect(next.marks.shared.read == SequenceSet(3))
    let read = try Marks(version: 8, stamp: next.marks.stamp, encoded: next.bytes)
    #expect(read == next.marks)
  }

  @Test func whatIsTooLargeIsNotWritten() {
    let every = SequenceSet(numbers: (0..<2_200_000).map { 2 * $0 + 1 })
    var marks = Marks()
    marks.shared.read = every
    #expect(throws: StoreError.marksTooLarge) { try marks.replacing(Marks()) }
    var record = LogRecord()
    record.retracted = every
    #expect(throws: StoreError.recordTooLarge) { try record.bytesToWrite() }
  }

  @Test func onlyKeptMessagesAreRetracted() throws {
    var record = LogRecord()
    record.tail = 3
    var log = LogState(head: 5, record: record)
    for seq in [-1, 0, 1, 2, 6, .max] {
      #expect(throws: StoreError.notFound) { try log.retract(seq) }
    }
    for seq in 3...5 {
      #expect(try log.retract(seq))
      #expect(try !log.retract(seq))
    }
    #expect(log.record.retracted == SequenceSet(3, through: 5))
    var empty = LogState()
    #expect(throws: StoreError.notFound) { try empty.retract(1) }
  }
}
