import Inbox
import Testing

@testable import API

@Suite struct DigestTests {
  /// Bodies that differ in one field, or in the field that holds a text.
  static let bodies: [MessageBody] = [
    MessageBody(type: "a"), MessageBody(type: "b"), MessageBody(type: "a", sender: "x"),
    MessageBody(type: "a", username: "x"), MessageBody(type: "a", teamName: "x"),
    MessageBody(type: "a", receiver: "x"), MessageBody(type: "a", content: "x"),
    MessageBody(type: "a", data: "{}"), MessageBody(type: "a", content: ""),
    MessageBody(type: "a", username: "", content: "x"), MessageBody(type: "a", username: "x", teamName: "x"),
    MessageBody(type: "a", content: "é"), MessageBody(type: "a", content: "e\u{301}"),
    MessageBody(type: "a", content: "x\u{0}"), MessageBody(type: "a", data: "{ }"),
  ]

  @Test func differentMessagesHaveDifferentDigests() {
    #expect(Set(Self.bodies.map(\.digest)).count == Self.bodies.count)
    #expect(Self.bodies.allSatisfy { $0.digest.count == 32 && $0.digest == $0.digest })
  }

  /// Stored digests must keep their meaning in later versions.
  @Test func theDigestStaysTheSame() {
    let body = MessageBody(type: "note", sender: "ada", content: "hi")
    let hex = body.digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    #expect(hex == Self.known)
  }

  /// sha256 of 01 03 "ada" 00 00 00 01 04 "note" 01 02 "hi" 00.
  static let known = "4223d11fb405f1eb2a67a4f2720f238c773326a6896005e2c0ae829576ca041e"
}
