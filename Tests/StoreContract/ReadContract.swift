import Inbox
import Testing

/// The content of a view of the store.
struct ReadContract {
  /// Whatever is prefetched, what is read is the same.
  @Test(arguments: StoreUnderTest.allCases)
  func prefetchedMessagesAreWhatIsReadAnyway(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      let inboxes = (0..<60).map { Inbox(user: Text("user \($0)"), team: "t") }
      for n in 1...30 { _ = try await store.append(draft("\(n)"), to: team) }
      for n in 1...3 { _ = try await store.append(draft("own \(n)"), to: inboxes.prefix(50).map(\.own)) }
      #expect(try await store.retract(MessageName(log: team, seq: 4)))
      let wanted = Dictionary(
        uniqueKeysWithValues: (inboxes.map(\.own) + [team, .team("none"), .account("x")]).map {
          ($0, $0 == team ? SequenceSet(numbers: [1, 2, 4, 9, 30, 31]) : SequenceSet(2, through: .max))
        })
      for prefetches in [true, false] {
        let found = try await store.read { reader in
          let states = try reader.states(of: inboxes)
          #expect(states.allSatisfy { $0.shared.head == 30 })
          if prefetches { try reader.prefetch(wanted) }
          return try wanted.mapValues { _ in [Message]() }.merging(
            wanted.map { ($0, try reader.messages(in: $0, $1)) }, uniquingKeysWith: { $1 })
        }
        #expect(found[team]?.map(\.seq) == [1, 2, 4, 9, 30])
        #expect(found[team]?.map(\.body.content) == ["1", "2", nil, "9", "30"])
        for (index, inbox) in inboxes.enumerated() {
          #expect(found[inbox.own]?.map(\.seq) == (index < 50 ? [2, 3] : []))
        }
        #expect(found[.account("x")] == [] && found[.team("none")] == [])
      }
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func nothingIsEmpty(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      #expect(try await store.read { try $0.states(of: []) } == [])
      #expect(try await store.state(of: bob) == InboxState(inbox: bob))
      #expect(try await store.messages().isEmpty)
      try await store.read { reader throws in
        #expect(try reader.messages(in: team, SequenceSet()).isEmpty)
        #expect(try reader.times(in: team, []).isEmpty)
        #expect(try reader.last(in: team, notAfter: .max) == 0)
        let none = try reader.numbers(in: team, where: .sender("ann"), from: 1, through: .max)
        #expect(none.isEmpty)
      }
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func messagesByNumber(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      for n in 1...20 {
        _ = try await store.append(draft("\(n)"))
        // A neighbour whose numbers must not be mixed in.
        _ = try await store.append(draft("other"), to: .team("t2"))
      }
      try await store.read { reader throws in
        func contents(_ numbers: SequenceSet) throws -> [Int] {
          try reader.messages(in: team, numbers).map { message in
            #expect(message.body.content == "\(message.seq)")
            return message.seq
          }
        }
        #expect(try contents(SequenceSet(5, through: 7)) == [5, 6, 7])
        #expect(try contents(SequenceSet(numbers: [1, 3, 4, 9, 20])) == [1, 3, 4, 9, 20])
        #expect(try contents(SequenceSet(numbers: [19, 20, 21, 40])) == [19, 20])
        #expect(try contents(SequenceSet(21, through: .max)) == [])
        #expect(try contents(SequenceSet(1 << 32, through: 1 << 33)) == [])
        #expect(try contents(SequenceSet(1, through: .max)) == Array(1...20))
      }
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func timesAndTheLastMessageNotAfterOne(_ kind: StoreUnderTest) async throws {
    let clock = ManualClock()
    try await kind.run(clock: clock) { store in
      let times: [Timestamp] = [10, 10, 20, 30, 30, 30, 50]
      for time in times {
        clock.set(time)
        _ = try await store.append(draft())
      }
      try await store.read { reader throws in
        #expect(try reader.times(in: team, [7, 1, 3, 3]) == [50, 10, 20, 20])
        for time in Timestamp(0)...60 {
          #expect(try reader.last(in: team, notAfter: time) == times.count { $0 <= time })
        }
        #expect(try reader.last(in: team, notAfter: .min) == 0)
        #expect(try reader.last(in: team, notAfter: .max) == 7)
      }
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func numbersByField(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      for n in 1...60 {
        let message = draft(
          type: n % 3 == 0 ? "third" : "note", sender: n % 4 == 0 ? "ann" : n % 4 == 1 ? nil : "bob",
          receiver: n % 5 == 0 ? "cid" : nil)
        _ = try await store.append(message)
        _ = try await store.append(message, to: .team("t2"))
      }
      try await store.read { reader throws in
        func check(_ field: MessageField, _ every: Int) throws {
          for (first, last) in [(1, 60), (1, Int.max), (10, 29), (30, 30), (60, 60), (61, 99), (9, 8)] {
            let found = try reader.numbers(in: team, where: field, from: first, through: last)
            let expected = (1...60).filter { $0 % every == 0 && $0 >= first && $0 <= last }
            #expect(found == SequenceSet(numbers: expected))
          }
        }
        try check(.type("third"), 3)
        try check(.sender("ann"), 4)
        try check(.receiver("cid"), 5)
        let nobody = try reader.numbers(in: team, where: .sender("cid"), from: 1, through: 60)
        #expect(nobody.isEmpty)
      }
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func statesTellWhatWasSentAfterTheFold(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      for n in 1...6 { _ = try await store.append(draft(sender: n % 2 == 0 ? "bob" : "ann")) }
      #expect(try await store.state(of: bob).shared.sent == SequenceSet(numbers: [2, 4, 6]))
      #expect(try await store.mark(.unread, .messages([MessageName(log: team, seq: 2)])) == 1)
      _ = try await store.append(draft(sender: "bob"))
      let state = try await store.state(of: bob)
      #expect(state.shared.head == 7)
      #expect(state.shared.sent == SequenceSet(7))
      #expect(state.read(.shared) == SequenceSet(numbers: [4, 6, 7]))
      // Each inbox of one call has its own state, in the order of the request.
      let states = try await store.read { try $0.states(of: [ann, bob, ann]) }
      #expect(states.map(\.inbox) == [ann, bob, ann])
      #expect(states[0].shared.sent == SequenceSet(numbers: [1, 3, 5]))
      #expect(states[1] == state)
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func everyTextIsKeptExactly(_ kind: StoreUnderTest) async throws {
    let texts = [
      "", "\0", "a\0b\0", "é", "e\u{301}", "\u{10FFFF}", "\u{FEFF}bom", "\u{FFFD}", "日本語 🇩🇪 👩‍👩‍👧", "' OR 1=1 --",
      "line\r\nline\u{2028}", String(repeating: "ä", count: 32 << 10),
      String(repeating: "x", count: 64 << 10),
    ]
    try await kind.run { store in
      for text in texts {
        // Identifiers are never empty.
        let name = Text(text.isEmpty ? "-" : String(text.prefix(8)))
        // Names for display are no longer than 1 KiB.
        let shown = String(text.unicodeScalars.prefix(200).map(Character.init))
        let body = MessageBody(
          type: name, sender: name, username: shown, teamName: shown, receiver: name, content: text,
          data: text)
        let log = LogName.member(team: name, user: name)
        let draft = Draft(body: body, key: name, digest: [UInt8](repeating: 7, count: 32))
        #expect(try await store.append(draft, to: log).seq == 1)
        #expect(try await store.append(draft, to: log).duplicate)
        let message = try #require(try await store.messages(of: log).first)
        for kept in [message.body.content, message.body.data] {
          #expect(kept.map { Text($0) } == Text(text))
        }
        for kept in [message.body.username, message.body.teamName] {
          #expect(kept.map { Text($0) } == Text(shown))
        }
        #expect(message.body == body)
        let found = try await store.read { reader throws in
          try [MessageField.sender(name), .receiver(name), .type(name)].map {
            try reader.numbers(in: log, where: $0, from: 1, through: 9).count
          }
        }
        #expect(found == [1, 1, 1])
      }
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func namesAreDistinctByTheirBytes(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      let composed: Text = "\u{E9}"
      let decomposed: Text = "e\u{301}"
      _ = try await store.append(draft("composed", sender: composed), to: .team(composed))
      #expect(try await store.messages(of: .team(decomposed)).isEmpty)
      #expect(try await store.append(draft("decomposed", sender: decomposed), to: .team(decomposed)).seq == 1)
      #expect(try await store.append(draft(sender: decomposed, key: composed), to: .everyone).seq == 1)
      #expect(try await store.append(draft(sender: decomposed, key: decomposed), to: .everyone).seq == 2)
      let state = try await store.state(of: Inbox(user: composed))
      #expect(state.shared.sent.isEmpty && state.shared.head == 2)
      // ("a", "bc") is another reader than ("ab", "c").
      _ = try await store.append(draft(), to: .member(team: "a", user: "bc"))
      #expect(try await store.messages(of: .member(team: "ab", user: "c")).isEmpty)
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func aReadSeesWhatWasAcknowledged(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for task in 0..<16 {
          group.addTask {
            let log = LogName.team(Text("\(task)"))
            for n in 1...25 {
              _ = try await store.append(draft("\(n)"), to: log)
              #expect(try await store.messages(of: log).count == n)
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func aViewDoesNotChangeWhileItIsRead(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for n in 1...300 {
          group.addTask { _ = try await store.append(draft("\(n)"), to: [team, bob.own]) }
          group.addTask {
            try await store.read { reader throws in
              let first = try reader.state(of: bob)
              let head = first.shared.head
              #expect(first.own.head == head || !kind.appendsAreAtomic)
              for _ in 0..<5 {
                #expect(try reader.state(of: bob) == first)
                #expect(try reader.messages(in: team, SequenceSet(1, through: .max)).count == head)
              }
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func aReadThatThrowsConcernsNobodyElse(_ kind: StoreUnderTest) async throws {
    struct Refusal: Error, Equatable { var n: Int }
    try await kind.run { store in
      _ = try await store.append(draft())
      try await withThrowingTaskGroup(of: Void.self) { group in
        for n in 0..<200 {
          group.addTask {
            if n % 2 == 0 {
              await #expect(throws: Refusal(n: n)) { try await store.read { _ in throw Refusal(n: n) } }
            } else {
              let messages = try await store.messages()
              #expect(messages.count == 1)
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }
}
