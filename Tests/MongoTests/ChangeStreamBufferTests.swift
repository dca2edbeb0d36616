import Testing

@testable import Mongo

@Suite("A change stream's buffer")
struct ChangeStreamBufferTests {
  private struct Broken: Error {}

  private func describe(_ taken: ChangeStreamBuffer<String>.Taken) -> String {
    switch taken {
    case .event(.opened): "opened"
    case .event(.change(let document)): "change \(document.byteCount)"
    case .end(let error): error == nil ? "end" : "error"
    case .waits: "waits"
    case .refused: "refused"
    }
  }

  @Test("counts a place only once everything before it was taken")
  func tokens() {
    var buffer = ChangeStreamBuffer<String>(limit: 2, token: nil)
    #expect(buffer.add(.opened(resumed: false), token: ["t": 1]) == nil)
    #expect(buffer.add(.change([:]), token: ["t": 2]) == nil)
    #expect(buffer.isFull)
    buffer.quiet(token: ["t": 3])
    #expect(buffer.consumedToken == nil)
    #expect(describe(buffer.take("c")) == "opened")
    #expect(buffer.consumedToken == ["t": 1])
    #expect(describe(buffer.take("c")) == "change 5")
    #expect(buffer.consumedToken == ["t": 3])
    buffer.quiet(token: ["t": 4])
    #expect(buffer.consumedToken == ["t": 4])
  }

  @Test("hands an event to who waits, one at a time")
  func consumer() {
    var buffer = ChangeStreamBuffer<String>(limit: 2, token: nil)
    #expect(describe(buffer.take("c")) == "waits")
    #expect(describe(buffer.take("d")) == "refused")
    #expect(buffer.add(.change([:]), token: ["t": 1]) == "c")
    #expect(buffer.consumedToken == ["t": 1])
    #expect(describe(buffer.take("c")) == "waits")
    #expect(buffer.stopTaking() == "c")
    #expect(buffer.stopTaking() == nil)
  }

  @Test("gives what it has before it ends, an error once, and nothing more")
  func end() {
    var buffer = ChangeStreamBuffer<String>(limit: 2, token: nil)
    _ = buffer.add(.change([:]), token: nil)
    #expect(buffer.finish(Broken()) == nil)
    #expect(buffer.finish(nil) == nil)
    #expect(describe(buffer.take("c")) == "change 5")
    #expect(describe(buffer.take("c")) == "error")
    #expect(describe(buffer.take("c")) == "end")
    var closed = ChangeStreamBuffer<String>(limit: 2, token: nil)
    _ = closed.add(.change([:]), token: nil)
    #expect(closed.finish(nil, dropping: true) == nil)
    #expect(describe(closed.take("c")) == "end")
    #expect(closed.add(.change([:]), token: nil) == nil)
  }
}
