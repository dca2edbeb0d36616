import Inbox
import Testing

@Suite struct LogRecordTests {
  @Test func aMessageIsRetractedOnce() {
    var record = LogRecord()
    var outcomes: [Bool] = []
    for seq in [7, 3, 7, 8] { outcomes.append(record.retract(seq)) }
    #expect(outcomes == [true, true, false, true])
    #expect(record.retracted == SequenceSet(numbers: [3, 7, 8]))
    #expect(record.newestRetractions == [7, 3, 8])
    #expect(record.retractionCount == 3)
  }

  @Test func theNewestThousandKeepTheirOrder() {
    var record = LogRecord()
    var outcomes: [Bool] = []
    for seq in 1...1500 { outcomes.append(record.retract(seq)) }
    #expect(outcomes.allSatisfy { $0 })
    #expect(record.newestRetractions == Array(501...1500))
    #expect(record.retractionCount == 1500)
    #expect(record.retracted.count == 1500)
  }

  @Test func bytesComeBack() throws {
    var record = LogRecord()
    record.tail = 40
    for seq in [1, 100, 50, 51] { _ = record.retract(seq) }
    for record in [record, LogRecord()] {
      let bytes = record.encoded
      #expect(try LogRecord(encoded: bytes) == record)
      for length in bytes.indices {
        #expect(throws: DecodingFailure.self) { try LogRecord(encoded: Array(bytes[..<length])) }
      }
      #expect(throws: DecodingFailure.self) { try LogRecord(encoded: bytes + [0]) }
    }
  }
}
