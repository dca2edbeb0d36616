import Inbox
import Locks
import MemoryStore
import Moving
import Runtime
import Seeds
import Testing

/// Exports are of one moment, and imported they make an equal store of any kind.
struct MovingContract {
  /// From memory into a store, from there back into memory: the files are the same byte for byte.
  @Test(arguments: StoreUnderTest.allCases, [1, 2, 3] as [UInt64])
  func twiceAroundTheFilesAreTheSame(_ kind: StoreUnderTest, seed: UInt64) async throws {
    let clock = ManualClock()
    let source = MemoryStore(clock: clock.wallClock)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<3 { try await source.fill(&random, clock) }
    let first = try await source.exported()
    try await kind.run { store in
      try await store.importAll(first)
      let second = try await store.exported()
      #expect(second == first)
      let back = MemoryStore(clock: clock.wallClock)
      try await back.importAll(second)
      #expect(try await back.exported() == first)
      // Again: nothing changes.
      try await store.importAll(second)
      #expect(try await store.exported() == first)
    }
  }

  /// What hosts write after the moment is not in the export, but for retractions: what is gone is gone.
  @Test(arguments: StoreUnderTest.allCases)
  func anExportIsOfOneMoment(_ kind: StoreUnderTest) async throws {
    let clock = ManualClock()
    try await kind.run(clock: clock) { store in
      var random = SeededGenerator(seed: 7)
      try await store.fill(&random, clock)
      for n in 0..<40 { _ = try await store.append(draft("\(n)")) }
      let before = try await store.exported()
      let exporter = Exporter(store, .all, logs: MemorySpool(), marks: MemorySpool())
      _ = try await exporter.moment()
      // Marks, messages, new logs, and a retraction.
      try await store.fill(&random, clock, retracts: false)
      _ = try await store.append(draft("new"), to: .team("new"))
      let after = try await exporter.lines()
      #expect(after == before)
      let head = try await store.read { try $0.logs([team])[0].head }
      var last = head
      while try await store.retract(MessageName(log: team, seq: last)) == false { last -= 1 }
      _ = try await exporter.moment()
      let whole = try await store.read { try $0.entries(in: team, from: 1, limit: 1000) }
      let standing = whole.last { !$0.isRetracted }?.message.seq ?? 0
      _ = try await store.retract(MessageName(log: team, seq: standing))
      let copy = MemoryStore(clock: clock.wallClock)
      try await copy.importAll(try await exporter.lines())
      let (copied, there) = (try await copy.everything(), try await store.everything())
      #expect(copied.entries == there.entries)
      #expect(copied.records == there.records)
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func aTeamAndAPersonAreExportedAlone(_ kind: StoreUnderTest) async throws {
    let clock = ManualClock()
    try await kind.run(clock: clock) { store in
      var random = SeededGenerator(seed: 3)
      for _ in 0..<2 { try await store.fill(&random, clock) }
      let all = try await store.everything()
      let copy = MemoryStore(clock: clock.wallClock)
      try await copy.importAll(try await store.exported(.team("t")))
      let team = try await copy.everything()
      func isOfTeam(_ log: LogName) -> Bool {
        switch log.kind {
        case .team("t"), .member("t", _): true
        default: false
        }
      }
      #expect(team.entries == all.entries.filter { isOfTeam($0.key) })
      #expect(team.states == all.states.filter { $0.inbox.team == "t" })

      let lines = try await store.exported(.user("bob")).split(separator: 0x0A).map {
        try ExportLine(Array($0))
      }
      var found: Set<MessageName> = []
      for line in lines {
        switch line {
        case .message(let log, let entry): found.insert(MessageName(log: log, seq: entry.message.seq))
        case .marks(let inbox, _): #expect(inbox.user == "bob")
        // How many messages others have is not told.
        case .log(let log, _, _), .record(let log, _): #expect(Inbox(own: log)?.user == "bob")
        case .partOfLog(let log): #expect(Inbox(own: log)?.user != "bob")
        case .header, .end: break
        }
      }
      var expected: Set<MessageName> = []
      for (log, entries) in all.entries {
        for entry in entries {
          let body = entry.message.body
          let isOwn = Inbox(own: log)?.user == "bob"
          guard isOwn || !entry.isRetracted && (body.sender == "bob" || body.receiver == "bob") else {
            continue
          }
          expected.insert(MessageName(log: log, seq: entry.message.seq))
        }
      }
      #expect(found == expected)
    }
  }
}

/// A spool in memory.
private final class MemorySpool: Spool {
  // Held for a step.
  private let bytes = Locked<(all: [UInt8], read: Int)>(([], 0))

  func clear() { bytes.withLock { $0 = ([], 0) } }
  func append(_ more: [UInt8]) { bytes.withLock { $0.all += more } }
  func rewind() { bytes.withLock { $0.read = 0 } }
  // A few at a time, so that nothing depends on where they are cut.
  func read() -> [UInt8] {
    bytes.withLock { bytes in
      let part = Array(bytes.all[bytes.read...].prefix(77))
      bytes.read += part.count
      return part
    }
  }
}

extension Exporter {
  /// The lines of the moment that was looked at.
  fileprivate func lines() async throws -> [UInt8] {
    try await withCheckedThrowingContinuation { continuation in
      // It blocks, so it has a thread of its own.
      let isStarted = SystemThread.start {
        continuation.resume(
          with: Result {
            var bytes: [UInt8] = []
            _ = try write(
              ahead: { work in
                let result = Monitor<Result<[[LogEntry]], any Error>?>(nil)
                Task.detached {
                  let found: Result<[[LogEntry]], any Error>
                  do { found = .success(try await work()) } catch { found = .failure(error) }
                  result.update { $0 = found }
                }
                return { try result.wait { $0 }.get() }
              }, to: { bytes += $0 }, progress: { _ in })
            return bytes
          })
      }
      precondition(isStarted)
    }
  }
}

extension MessageStore {
  func exported(_ selection: Selection = .all) async throws -> [UInt8] {
    let exporter = Exporter(self, selection, logs: MemorySpool(), marks: MemorySpool())
    _ = try await exporter.moment()
    return try await exporter.lines()
  }

  fileprivate func importAll(_ bytes: [UInt8]) async throws {
    var reader = ExportReader(MessageJudge(digest: Operation.digest, isData: { _ in true }))
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
    for (index, line) in lines.enumerated() {
      try reader.read(Array(line), line: index + 1)
      // Also where a log is under way.
      if index % 50 == 0 { _ = try await restore(reader.take().items) }
    }
    try reader.finish(lines: lines.count)
    _ = try await restore(reader.take().items)
  }
}
