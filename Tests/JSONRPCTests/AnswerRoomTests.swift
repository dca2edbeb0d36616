import Testing

@testable import JSONRPC

/// The answers that may be made at the same time.
struct AnswerRoomTests {
  @Test func upToTheLimit() {
    var room = AnswerRoom<Int>(limit: 100)
    let first = room.take(40, own: 0, queued: 0)
    let second = room.take(40, own: 0, queued: 20)
    let third = room.take(1, own: 0, queued: 20)
    let grown = room.take(20, own: 40, queued: 0)
    #expect([first, second, third, grown] == [true, true, false, true])
    #expect(room.held == 100)
  }

  @Test func oneIsAlwaysMade() {
    var room = AnswerRoom<Int>(limit: 100)
    let first = room.take(1_000, own: 0, queued: 99)
    let growing = room.take(1_000, own: 1_000, queued: 99)
    let second = room.take(1, own: 0, queued: 0)
    #expect([first, growing, second] == [true, true, false])
    room.release(2_000)
    // If the bytes that wait to be written fill the limit by themselves, the host has to read first.
    let full = room.take(1, own: 0, queued: 100)
    #expect(!full && room.held == 0)
  }

  @Test func inOrderOfAsking() {
    var room = AnswerRoom<Int>(limit: 100)
    let holds = room.take(60, own: 0, queued: 0)
    room.wait(1, for: 90)
    room.wait(2, for: 10)
    #expect(holds && room.isAwaited)
    let early = room.next(queued: 0)
    // A small answer does not overtake a large one for ever, whether it waits already or arrives now.
    let newcomer = room.take(1, own: 0, queued: 0)
    #expect(early == nil && !newcomer)
    room.release(60)
    let first = room.next(queued: 0)
    room.hold(first?.bytes ?? 0)
    let second = room.next(queued: 0)
    room.hold(second?.bytes ?? 0)
    #expect(first?.owner == 1 && second?.owner == 2 && !room.isAwaited && room.held == 100)
  }
}
