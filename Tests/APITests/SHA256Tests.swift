import Testing

@testable import API

@Suite struct SHA256Tests {
  /// The examples of FIPS 180-4, and the empty message.
  @Test(
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
      ),
    ]) func theStandardsExamplesHaveTheirDigests(_ message: String, _ digest: String)
  {
    #expect(Self.hex(SHA256.digest(Array(message.utf8))) == digest)
  }

  @Test func aMillionTimesTheLetterAHasTheStandardsDigest() {
    #expect(
      Self.hex(SHA256.digest([UInt8](repeating: 0x61, count: 1_000_000)))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  /// The digest of the digests of 1,000 random messages, of 0 to 999 bytes: every way in which a message can end in
  /// a block. Python's says the same:
  ///
  ///     import hashlib
  ///     state, digests = 1, b""
  ///     for length in range(1000):
  ///         message = bytearray()
  ///         for _ in range(length):
  ///             state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
  ///             message.append(state >> 56)
  ///         digests += hashlib.sha256(message).digest()
  ///     print(hashlib.sha256(digests).hexdigest())
  @Test func randomMessagesHaveTheDigestsOfAnotherImplementation() {
    var state: UInt64 = 1
    var digests: [UInt8] = []
    for length in 0..<1000 {
      var message: [UInt8] = []
      for _ in 0..<length {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        message.append(UInt8(state >> 56))
      }
      digests += SHA256.digest(message)
    }
    #expect(
      Self.hex(SHA256.digest(digests)) == "a7edfcb844bd4920f83a1cb85a881af5982e64caa39a869249ba3e7acec85aa0")
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}
