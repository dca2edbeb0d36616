import Inbox
import Testing

/// The properties of a store that the change feed needs.
struct FollowContract {
  private func changes(
    _ store: any MessageStore, since cursor: ChangeCursor, limit: Int = 100
  ) async throws -> Changes {
    try await store.read { try $0.state(of: bob).changes(since: cursor, limit: limit, $0) }
  }

  private func cursor(_ store: any MessageStore) async throws -> ChangeCursor {
    let cursor = try await store.read { try ChangeCursor($0.state(of: bob), $0) }
    #expect(ChangeCursor(text: cursor.text) == cursor)
    return cursor
  }

  @Test(arguments: StoreUnderTest.allCases)
  func aFollowerIsToldEachChangeOnce(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      let empty = try await cursor(store)
      #expect(try await changes(store, since: empty).changes.isEmpty)
      for n in 1...30 { _ = try await store.append(draft("\(n)"), to: n % 3 == 0 ? bob.own : team) }
      // A few at a time, each with a cursor from which to continue.
      var (cursor, told, more) = (empty, [String?](), true)
      while more {
        let some = try await changes(store, since: cursor, limit: 4)
        for case .created(let entry) in some.changes.map(\.event) { told.append(entry.message.body.content) }
        (cursor, more) = (try #require(ChangeCursor(text: some.cursor.text)), some.more)
      }
      #expect(Set(told.compactMap(\.self)) == Set((1...30).map(String.init)) && told.count == 30)
      #expect(try await changes(store, since: cursor).changes.isEmpty)
      #expect(cursor == (try await self.cursor(store)))

      #expect(try await store.retract(MessageName(log: team, seq: 20)))
      #expect(try await store.mark(.read) == 29)
      _ = try await store.append(draft("last"), to: bob.own)
      let events = try await changes(store, since: cursor).changes
      #expect(events.count == 3 && events[0].event == .removed(MessageName(log: team, seq: 20), .retracted))
      #expect(events.last?.event == .marked)
      #expect(events.last?.counts.total == 30 && events.last?.counts.unread == 1)
      // A cursor at a message that is retracted.
      #expect(try await store.retract(MessageName(log: bob.own, seq: 11)))
      let onRetracted = try await changes(store, since: events[1].cursor)
      #expect(
        onRetracted.changes.contains { $0.event == .removed(MessageName(log: bob.own, seq: 11), .retracted) })
      #expect(try await changes(store, since: onRetracted.cursor).changes.isEmpty)
      // One that is retracted before it was told: a page that was read meanwhile may show it.
      let seq = try await store.append(draft("soon gone"), to: [team])[0].seq
      #expect(try await store.retract(MessageName(log: team, seq: seq)))
      let gone = try await changes(store, since: onRetracted.cursor)
      #expect(gone.changes.map(\.event) == [.removed(MessageName(log: team, seq: seq), .retracted)])
      #expect(try await changes(store, since: gone.cursor).changes.isEmpty)
    }
  }

  /// The same numbers, but not the same messages: the database was made anew, or restored.
  @Test(arguments: StoreUnderTest.allCases)
  func aCursorOfAnotherPastExpires(_ kind: StoreUnderTest) async throws {
    try await kind.run { first in
      for n in 1...10 { _ = try await first.append(draft("\(n)"), to: [team, bob.own]) }
      let followed = try await cursor(first)
      try await kind.run { second in
        for n in 1...13 {
          _ = try await second.append(draft("\(n)"), to: [team, bob.own])
          await #expect(throws: ChangeCursorExpired.self) { try await changes(second, since: followed) }
        }
      }
      _ = try await first.append(draft("eleventh"))
      #expect(try await changes(first, since: followed).changes.count == 1)
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func tokensStayWithTheirMessages(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      for n in 1...40 { _ = try await store.append(draft("\(n)")) }
      let tokens = try await store.read { try $0.tokens(in: team, [40, 1, 7, 7]) }
      #expect(Set(tokens).count == 3 && tokens[2] == tokens[3])
      #expect(try await store.retract(MessageName(log: team, seq: 7)))
      _ = try await store.append(draft("41"))
      #expect(try await store.read { try $0.tokens(in: team, [40, 1, 7, 7]) } == tokens)
      let read = try await store.messages().map(\.token)
      #expect([read[39], read[0], read[6], read[6]] == tokens)
    }
  }
}
