import Foundation
import Testing

@testable import JSONRPC

struct OutboxTests {
  private func text(_ outbox: inout Outbox) -> String {
    var bytes: [UInt8] = []
    while let (segment, offset) = outbox.take() {
      bytes += segment[offset...]
      outbox.wrote(segment.count - offset)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test func lines() {
    var outbox = Outbox(batchBytes: 1_000)
    outbox.add(result: bytes("{}"), id: bytes("1")[...], batch: nil)
    outbox.add(result: bytes("[1]"), id: bytes(#""a""#)[...], batch: nil)
    let expected =
      #"{"jsonrpc":"2.0","id":1,"result":{}}"# + "\n" + #"{"jsonrpc":"2.0","id":"a","result":[1]}"# + "\n"
    #expect(outbox.queuedBytes == expected.utf8.count)
    #expect(text(&outbox) == expected)
    #expect(outbox.queuedBytes == 0 && outbox.isEmpty)
  }

  @Test func headers() {
    var outbox = Outbox(batchBytes: 1_000)
    outbox.framing = .headers
    outbox.add(result: bytes("{}"), id: bytes("1")[...], batch: nil)
    #expect(text(&outbox) == "Content-Length: 36\r\n\r\n" + #"{"jsonrpc":"2.0","id":1,"result":{}}"#)
  }

  @Test func errors() {
    var outbox = Outbox(batchBytes: 1_000)
    outbox.add(error: .messageTooLarge(limit: 5), id: nil, batch: nil)
    #expect(
      text(&outbox)
        == #"{"jsonrpc":"2.0","id":null,"error":{"code":1001,"message":"the request is larger than 5 bytes","#
        + #""data":{"kind":"message_too_large","retryable":false,"details":{"limit":5}}}}"# + "\n")
  }

  @Test func largeResultsAreNotCopied() {
    var outbox = Outbox(batchBytes: 1_000)
    let large = [UInt8](repeating: 0x31, count: 1 << 20)
    outbox.add(result: large, id: bytes("1")[...], batch: nil)
    _ = outbox.take()
    let segment = outbox.take()?.segment ?? []
    #expect(segment.withUnsafeBytes(\.baseAddress) == large.withUnsafeBytes(\.baseAddress))
  }

  /// What is left behind the answers may be dropped, what is before one may not.
  @Test func whatIsBehindTheAnswers() {
    var outbox = Outbox(batchBytes: 1_000)
    func wrote(_ count: Int) -> Bool {
      outbox.wrote(count)
      return outbox.hasWrittenAnswers
    }
    #expect(outbox.hasWrittenAnswers)
    outbox.add(notification: bytes("{}"))
    #expect(outbox.hasWrittenAnswers && outbox.queuedBytes == 3)
    outbox.add(result: bytes("1"), id: bytes("1")[...], batch: nil)
    outbox.add(notification: bytes("{}"))
    let before = outbox.queuedBytes - 3
    let written = [wrote(before - 1), wrote(1), wrote(2), wrote(1)]
    #expect(written == [false, true, true, true] && outbox.queuedBytes == 0)
    outbox.add(notification: bytes("{}"))
    outbox.add(error: .messageTooLarge(limit: 5), id: nil, batch: nil)
    #expect(!outbox.hasWrittenAnswers)
    let isWritten = wrote(outbox.queuedBytes)
    #expect(isWritten)
    let batch = outbox.openBatch()
    outbox.expectAnswer(in: batch)
    outbox.add(result: bytes("1"), id: bytes("1")[...], batch: batch)
    #expect(outbox.hasWrittenAnswers)
    outbox.closeBatch(batch)
    outbox.add(notification: bytes("{}"))
    #expect(!outbox.hasWrittenAnswers)
    outbox.close()
    #expect(outbox.hasWrittenAnswers)
  }

  @Test func batch() {
    var outbox = Outbox(batchBytes: 1_000)
    let batch = outbox.openBatch()
    outbox.expectAnswer(in: batch)
    outbox.expectAnswer(in: batch)
    outbox.add(result: bytes("1"), id: bytes("1")[...], batch: batch)
    #expect(outbox.isEmpty && outbox.heldBytes == outbox.heldBytes(of: batch) && outbox.heldBytes > 0)
    outbox.add(result: bytes("2"), id: bytes("2")[...], batch: batch)
    #expect(outbox.isEmpty)
    outbox.closeBatch(batch)
    #expect(
      text(&outbox) == #"[{"jsonrpc":"2.0","id":1,"result":1},{"jsonrpc":"2.0","id":2,"result":2}]"# + "\n")
    #expect(outbox.heldBytes == 0)
  }

  @Test func batchThatIsClosedFirst() {
    var outbox = Outbox(batchBytes: 1_000)
    let batch = outbox.openBatch()
    outbox.expectAnswer(in: batch)
    outbox.closeBatch(batch)
    #expect(outbox.isEmpty)
    outbox.add(result: bytes("1"), id: bytes("1")[...], batch: batch)
    #expect(text(&outbox) == #"[{"jsonrpc":"2.0","id":1,"result":1}]"# + "\n")
  }

  @Test func batchOfNotificationsIsAnsweredByNothing() {
    var outbox = Outbox(batchBytes: 1_000)
    outbox.closeBatch(outbox.openBatch())
    #expect(outbox.isEmpty && outbox.queuedBytes == 0)
  }

  @Test func batchOverItsLimit() {
    var outbox = Outbox(batchBytes: 100)
    let batch = outbox.openBatch()
    outbox.expectAnswer(in: batch)
    outbox.add(result: [UInt8](repeating: 0x31, count: 100), id: bytes("1")[...], batch: batch)
    outbox.closeBatch(batch)
    #expect(text(&outbox).contains(#""kind":"response_too_large""#))
  }

  @Test func batchesShareTheirLimit() {
    var outbox = Outbox(batchBytes: 200)
    let (first, second) = (outbox.openBatch(), outbox.openBatch())
    for batch in [first, first, second] { outbox.expectAnswer(in: batch) }
    outbox.add(result: [UInt8](repeating: 0x31, count: 120), id: bytes("1")[...], batch: first)
    outbox.add(result: [UInt8](repeating: 0x32, count: 120), id: bytes("2")[...], batch: second)
    outbox.closeBatch(second)
    let text = text(&outbox)
    #expect(text.contains(#""kind":"limit_reached","retryable":true"#) && text.contains(#""id":2"#))
    #expect(outbox.heldBytes == outbox.heldBytes(of: first))
  }

  @Test func largeAnswersOfABatchAreNotCopied() {
    var outbox = Outbox(batchBytes: 10 << 20)
    let batch = outbox.openBatch()
    let large = [UInt8](repeating: 0x31, count: 1 << 20)
    for id in ["1", "2"] {
      outbox.expectAnswer(in: batch)
      outbox.add(result: large, id: bytes(id)[...], batch: batch)
    }
    outbox.closeBatch(batch)
    var segments: [[UInt8]] = []
    while let (segment, _) = outbox.take() { segments.append(segment) }
    let shared = segments.filter { $0.withUnsafeBytes(\.baseAddress) == large.withUnsafeBytes(\.baseAddress) }
    #expect(shared.count == 2 && segments.joined().count == outbox.queuedBytes)
  }

  @Test func idsAndErrorsHaveNoLineEnds() {
    let id = "\"a\u{85}\u{2028}\u{2029}\""
    for (framing, expected) in [(Framing.lines, #""a\u0085\u2028\u2029""#), (.headers, id)] {
      var outbox = Outbox(batchBytes: 1_000)
      outbox.framing = framing
      outbox.add(result: bytes("{}"), id: bytes(id)[...], batch: nil)
      let batch = outbox.openBatch()
      outbox.expectAnswer(in: batch)
      outbox.add(error: .methodNotFound("m\u{2028}"), id: bytes(id)[...], batch: batch)
      outbox.closeBatch(batch)
      let text = text(&outbox)
      #expect(text.components(separatedBy: "\"id\":" + expected).count == 3, "\(text)")
      #expect(text.contains(framing == .lines ? #""m\u2028""# : "\"m\u{2028}\""))
    }
  }

  @Test func partialWrites() {
    var outbox = Outbox(batchBytes: 1_000)
    outbox.add(notification: bytes("0123456789"))
    let (segment, _) = outbox.take()!
    outbox.wrote(4)
    outbox.putBack(segment, offset: 4)
    outbox.add(notification: bytes("next"))
    #expect(outbox.queuedBytes == 12)
    #expect(text(&outbox) == "456789\nnext\n")
  }

  @Test func closed() {
    var outbox = Outbox(batchBytes: 1_000)
    outbox.add(notification: bytes("lost"))
    let (segment, offset) = outbox.take()!
    outbox.close()
    outbox.putBack(segment, offset: offset)
    outbox.wrote(3)
    outbox.add(notification: bytes("lost too"))
    #expect(outbox.isEmpty && outbox.queuedBytes == 0)
  }
}

struct StatisticsTests {
  @Test func quantilesAreRightWithin6Percent() {
    var histogram = Histogram()
    #expect(histogram.quantile(0.5) == 0)
    for value in 1...100_000 { histogram.record(nanoseconds: UInt64(value) * 1_000) }
    for share in [0.01, 0.5, 0.9, 0.99, 1] {
      let exact = share * 100_000_000
      #expect(Double(histogram.quantile(share)) >= exact && Double(histogram.quantile(share)) <= exact * 1.07)
    }
  }

  @Test(arguments: [0, 1, 15, 16, 17, 31, 32, 1_000, .max] as [UInt64])
  func everyDurationHasABucket(_ value: UInt64) {
    var histogram = Histogram()
    histogram.record(nanoseconds: value)
    let highest = histogram.quantile(1)
    #expect(value > 1 << 40 ? highest == (1 << 41) - 1 : highest >= value && highest <= value + value / 16)
  }

  @Test func progressGrowsAndIsRare() {
    var throttle = ProgressThrottle()
    let reports: [(done: Int, at: UInt64)] = [
      (0, 1_000), (5, 50_000_000), (0, 200_000_000), (5, 200_000_000), (4, 900_000_000), (6, 900_000_000),
    ]
    let admitted = reports.map { throttle.admits(done: $0.done, at: $0.at) }
    #expect(admitted == [true, false, false, true, false, true])
  }
}
