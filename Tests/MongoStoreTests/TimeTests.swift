import Inbox
import MongoSupport
import Testing

@testable import MongoStore

/// The time that the server tells.
struct TimeTests {
  @Test(arguments: topologies) func aReadHasTheServersTime(_ topology: TestMongod.Topology) async throws {
    try await withStores(try await .shared(topology), 2) { stores in
      // The first read asks the server, later ones know; a read that is gathered has the same time when it goes
      // on alone.
      var last = Timestamp.min
      for n in 0..<6 {
        let sent = try await stores[0].append(draft("\(n)"), to: [team])[0].time
        let times = try await stores[n % 2].read { reader in
          let first = try reader.now
          _ = try reader.state(of: bob)
          _ = try reader.times(in: team, [1])
          return [first, try reader.now]
        }
        #expect(times[0] == times[1])
        if n.isMultiple(of: 2) {
          #expect(times[0] >= max(sent, last))
          last = times[0]
        }
      }
    }
  }
}
