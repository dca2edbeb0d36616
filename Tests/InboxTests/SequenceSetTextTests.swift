import Seeds
import Testing

@testable import Inbox

@Suite struct SequenceSetTextTests {
  @Test(arguments: [
    "", "1", "12", "1:2", "1:500,502:1000", "1,3,5", "1:9223372036854775807",
    "3,9223372036854775807",
  ])
  func roundTrip(_ text: String) throws {
    let set = try sequenceSet(text)
    #expect(set.description == text)
    expectNormalised(set)
  }

  @Test(arguments: [
    " ", "0", "0:3", "00", "01", "1:02", "1:", ":2", ":", ",", "1,", ",1", "1,,3", "1::3", "1:3:5", "3:1",
    "5:5",
    "1,1", "1,2", "1:2,3:4", "1:3,3", "1:3,2:5", "5,1", "1 ,3", "1, 3", "1:3\n", "-1", "+1", "1:-3", "*",
    "1:*",
    "1;3", "a", "1a", "0x1", "1.5", "١", "１", "9223372036854775808", "1:9223372036854775808",
    "18446744073709551617", "99999999999999999999999999999999", "9223372036854775807,9223372036854775807",
    "9223372036854775807,1", "1\u{0}",
  ])
  func refused(_ text: String) {
    #expect(SequenceSet(text: text) == nil)
  }

  @Test func randomSetsRoundTrip() {
    var generator = SeededGenerator.printed()
    for lowest in SequenceSetRandomTests.places {
      for _ in 0..<300 {
        let set = randomPair(lowest: lowest, width: 40, using: &generator).set
        #expect(SequenceSet(text: set.description) == set)
      }
    }
  }

  @Test func randomTextIsRefusedOrWrittenBackAsItWas() {
    var generator = SeededGenerator.printed()
    let alphabet = Array("0123459:,, ")
    for _ in 0..<20_000 {
      let length = Int.random(in: 0...8, using: &generator)
      let text = String((0..<length).map { _ in alphabet.randomElement(using: &generator)! })
      guard let set = SequenceSet(text: text) else { continue }
      #expect(set.description == text)
      #expect(isNormalised(set), "\(text)")
    }
  }
}
