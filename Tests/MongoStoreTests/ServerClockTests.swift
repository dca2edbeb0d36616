import Mongo
import Testing

@testable import MongoStore

struct ServerClockTests {
  @Test(
    arguments: [
      (["localTime": .date(milliseconds: 5)], 5), (["localTime": .date(milliseconds: 0)], 0),
      (["localTime": .date(milliseconds: 253_402_300_799_999)], 253_402_300_799_999),
      (["localTime": .date(milliseconds: 253_402_300_800_000)], nil),
      (["localTime": .date(milliseconds: .max)], nil), (["localTime": .date(milliseconds: .min)], nil),
      (["localTime": .date(milliseconds: -1)], nil), (["localTime": 5], nil), ([:], nil),
    ] as [(BSONDocument, Int64?)])
  func onlyPossibleTimesAreTaken(_ hello: BSONDocument, _ time: Int64?) {
    #expect(ServerClock.time(in: hello) == time)
  }
}
