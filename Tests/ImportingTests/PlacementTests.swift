import Inbox
import MemoryStore
import Seeds
import Testing

@testable import Importing

/// What readers have in their inboxes once their copies were restored.
struct PlacementTests {
  /// One message of an inbox as a reader sees it.
  private struct Seen: Hashable, Comparable {
    var time: Timestamp
    var content: String
    var isRead, isArchived: Bool
    static func < (a: Seen, b: Seen) -> Bool {
      (a.time, a.content, a.isRead ? 1 : 0, a.isArchived ? 1 : 0)
        < (b.time, b.content, b.isRead ? 1 : 0, b.isArchived ? 1 : 0)
    }
  }

  private func restored(_ copies: [Copy], merges: Bool, memory: Int = 16 << 20, twice: Bool = false)
    async throws -> (MemoryStore, Report)
  {
    let store = MemoryStore()
    var report = Report()
    for _ in 0..<(twice ? 2 : 1) {
      let sorter = Sorter(memory: memory, folder: "/tmp")
      for copy in copies {
        try sorter.add(key: CopyRecord.key(copy), value: CopyRecord.value(copy.flags, copy.body))
      }
      let placement: any Placement =
        try merges
        ? MergedPlacement(try sorter.sorted(), Report(), memory: memory, folder: "/tmp")
        : OwnPlacement(try sorter.sorted(), Report())
      while let items = try placement.next() { _ = try await store.restore(items) }
      report = placement.report
    }
    return (store, report)
  }

  private func seen(_ store: MemoryStore, _ inbox: Inbox) async throws -> [Seen] {
    try await store.read { reader in
      let state = try reader.state(of: inbox)
      return try Inbox.Side.allCases.flatMap { side in
        let read = state.read(side)
        return try reader.messages(in: inbox.log(side), state.living(side)).map { message in
          Seen(
            time: message.time, content: message.body.content ?? "", isRead: read.contains(message.seq),
            isArchived: (side == .shared ? state.marks.shared : state.marks.own).archived.contains(
              message.seq))
        }
      }.sorted()
    }
  }

  private static func copy(
    _ team: Text?, _ reader: Text, _ time: Timestamp, _ content: String, id: UInt8 = 0,
    flags: Copy.Flags = [], sender: Text? = nil
  ) -> Copy {
    Copy(
      team: team, reader: reader, time: time, identity: [id], flags: flags,
      body: MessageBody(type: "n", sender: sender, content: content))
  }

  @Test(arguments: [false, true]) func anyCopies(_ merges: Bool) async throws {
    var random = SeededGenerator.printed()
    var copies: [Copy] = []
    let teams: [Text?] = [nil, "t", "t\0", "u"]
    for number in 0..<300 {
      let team = teams.randomElement(using: &random)!
      let readers = ["ann", "bo", "cy"].filter { _ in Int.random(in: 0..<4, using: &random) > 0 }
      let time = Timestamp(Int.random(in: 0..<400, using: &random) * 100)
      for reader in readers {
        copies.append(
          Self.copy(
            team, Text(reader), time, "c\(number % 40)", id: UInt8.random(in: 0...255, using: &random),
            flags: Copy.Flags(rawValue: UInt8.random(in: 0..<8, using: &random)),
            sender: ["ann", nil].randomElement(using: &random)!))
      }
    }
    copies.shuffle(using: &random)
    // The same copy twice counts once.
    var known: Set<Copy> = []
    copies = copies.filter {
      known.insert(
        Copy(team: $0.team, reader: $0.reader, time: $0.time, identity: $0.identity, flags: [], body: $0.body)
      ).inserted
    }
    let (store, report) = try await restored(copies, merges: merges, memory: 20_000, twice: true)
    for team in teams {
      for reader: Text in ["ann", "bo", "cy"] {
        let expected = copies.filter { $0.team == team && $0.reader == reader }.map {
          Seen(
            time: $0.time, content: $0.body.content ?? "", isRead: $0.flags.contains(.read),
            isArchived: $0.flags.contains(.archived))
        }.sorted()
        #expect(
          try await seen(store, Inbox(user: reader, team: team)).map(\.content).sorted()
            == expected.map(\.content).sorted())
        if !merges { #expect(try await seen(store, Inbox(user: reader, team: team)) == expected) }
        #expect(
          try await seen(store, Inbox(user: reader, team: team)).count { $0.isRead }
            == expected.count { $0.isRead })
      }
    }
    #expect(report.own + report.merged == copies.count && report.placed == copies.count)
    #expect(merges == (report.shared > 0))
  }

  @Test func oneMessageForAll() async throws {
    let copies = [
      Self.copy("t", "ann", 1000, "all", id: 1, flags: .read), Self.copy("t", "bo", 1900, "all", id: 2),
      Self.copy("t", "cy", 2000, "all", id: 3),
      Self.copy("t", "ann", 3000, "two", id: 4), Self.copy("t", "bo", 3000, "two", id: 5),
      Self.copy("t", "cy", 4001, "two", id: 6),
      Self.copy("t", "bo", 5000, "all", id: 7, flags: .deleted),
    ]
    let (store, report) = try await restored(copies, merges: true)
    #expect((report.shared, report.merged, report.own) == (1, 3, 4))
    let state = try await store.read {
      try $0.states(of: ["ann", "bo", "cy", "dan"].map { Inbox(user: $0, team: "t") })
    }
    #expect(state.map(\.shared.head) == [1, 1, 1, 1])
    #expect(state.map { $0.marks.membership.standing } == [.member, .member, .member, .none])
    #expect(state.map { $0.read(.shared).count } == [1, 0, 0, 0])
    #expect(try await seen(store, Inbox(user: "bo", team: "t")).map(\.time) == [1000, 3000])
  }

  @Test func theSendersOwnCopyIsReadOnlyIfItWas() async throws {
    let copies = [
      Self.copy("t", "ann", 1, "a", sender: "ann"),
      Self.copy("t", "ann", 2, "b", flags: .read, sender: "ann"),
    ]
    let (store, _) = try await restored(copies, merges: false)
    #expect(try await seen(store, Inbox(user: "ann", team: "t")).map(\.isRead) == [false, true])
  }

  @Test func theSameDocumentTwice() async throws {
    let copies = [
      Self.copy(nil, "ann", 1, "a", id: 1), Self.copy(nil, "ann", 1, "a", id: 1, flags: .read),
      Self.copy(nil, "ann", 1, "b", id: 1),
      Self.copy(nil, "ann", 1, "a", id: 2),
    ]
    let (store, report) = try await restored(copies, merges: false)
    #expect((report.own, report.doubles) == (3, 1))
    #expect(try await seen(store, Inbox(user: "ann")).count { $0.isRead } == 1)
  }

  @Test(
    arguments: [
      // Readers, and of each copy the reader and the time; how many messages of all there are and how many copies are left.
      (2, [("a", 1), ("b", 2)], 1, 0), (3, [("a", 1), ("b", 2)], 0, 2), (1, [("a", 1)], 0, 1),
      (2, [("a", 1), ("a", 5), ("b", 2), ("b", 3)], 2, 0), (2, [("a", 1), ("a", 5), ("b", 2)], 1, 1),
    ] as [(Int, [(String, Int64)], Int, Int)])
  func copiesAreDivided(_ readers: Int, _ copies: [(String, Int64)], _ messages: Int, _ left: Int) throws {
    for most in [0, Copies.mostHeld] {
      let divided = try Divided(copies.map { ($0.0, $0.1, UInt8($0.1)) }, readers: readers, most: most)
      #expect((divided.found.count, divided.rest.count) == (messages, left))
      #expect(divided.found.allSatisfy { message, copies in message.time == copies.map(\.time).min() })
    }
  }

  @Test func copiesOfTheSameTimeBelongTogether() throws {
    let divided = try Divided([("a", 1, 0), ("a", 40, 0), ("b", 40, 0)], readers: 2)
    #expect(divided.found.keys.map(\.time) == [40])
    #expect(divided.rest.map(\.time) == [1])
  }

  /// A broadcast may have a copy for each of a million accounts.
  @Test func copiesInAFileAreDividedAsThoseInMemory() throws {
    var random = SeededGenerator.printed()
    for _ in 0..<200 {
      let copies = (0..<Int.random(in: 1..<60, using: &random)).map { number in
        (
          ["a", "b", "a\0", "c"].randomElement(using: &random)!, Int64.random(in: 0..<5, using: &random),
          UInt8(number)
        )
      }
      let held = try Divided(copies, readers: Set(copies.map(\.0)).count)
      for most in [0, 1, 7] {
        #expect(try Divided(copies, readers: Set(copies.map(\.0)).count, most: most) == held)
      }
      #expect(held.found.values.allSatisfy { Set($0.map(\.reader)).count == $0.count })
      #expect(held.found.values.reduce(held.rest.count) { $0 + $1.count } == copies.count)
    }
  }
}

/// What becomes of copies.
private struct Divided: Equatable {
  struct Member: Hashable {
    var reader: Text
    var time: Timestamp
    var identity: [UInt8]
  }

  var found: [Merging.Found: Set<Member>] = [:]
  var rest: Set<Member> = []

  init(_ copies: [(String, Int64, UInt8)], readers: Int, most: Int = Copies.mostHeld) throws {
    var given = Copies(by: .time, memory: 200, folder: "/tmp", most: most)
    var left = Copies(by: .reader, memory: 200, folder: "/tmp", most: most)
    for (reader, time, identity) in copies {
      try given.add(Merging.Member(reader: Text(reader), time: time, identity: [identity], flags: []))
    }
    try Merging(readers: readers).divide(&given, &left) { message in
      #expect(found.updateValue([], forKey: message) == nil)
    } place: { copy, message in
      let member = Member(reader: copy.reader, time: copy.time, identity: copy.identity)
      if let message { found[message]?.insert(member) } else { rest.insert(member) }
    }
  }
}
