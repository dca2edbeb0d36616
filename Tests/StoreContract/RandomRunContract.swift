import Foundation
import Inbox
import MemoryStore
import SQLiteStore
import Seeds
import Testing

/// The same random operations on every store have the same result.
struct RandomRunContract {
  @Test(arguments: StoreUnderTest.allCases.filter { $0 != .memory }, [1, 2, 3] as [UInt64])
  func everyStoreIsLikeTheOneInMemory(_ kind: StoreUnderTest, seed: UInt64) async throws {
    let clock = ManualClock()
    try await kind.run(clock: clock) { await compare([$0], clock, seed) }
  }

  /// What one of several stores on a file changes, the others show at once.
  @Test(arguments: [4, 5, 6] as [UInt64])
  func severalStoresOnAFileAreLikeTheOneInMemory(seed: UInt64) async throws {
    let clock = ManualClock()
    let folder = FileManager.default.temporaryDirectory.appending(path: "tidings-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let stores = try (0..<3).map { _ in
      try SQLiteStore(path: folder.appending(path: "contract.db").path, clock: clock.wallClock)
    }
    await compare(stores, clock, seed)
    for store in stores { try await store.close() }
    try FileManager.default.removeItem(at: folder)
  }

  /// Runs random operations on the model and on one of the stores, which share what they hold.
  private func compare(_ stores: [any MessageStore], _ clock: ManualClock, _ seed: UInt64) async {
    let model = MemoryStore(clock: clock.wallClock)
    var random = SeededGenerator(seed: seed)
    for step in 0..<1500 {
      clock.set(Timestamp(step / 4) + .random(in: -3...3, using: &random))
      let operation = Operation.random(&random)
      let expected = await operation.run(on: model)
      let found = await operation.run(
        on: stores.count == 1 ? stores[0] : stores.randomElement(using: &random)!)
      #expect(found == expected, "seed \(seed), step \(step): \(operation)")
      guard found == expected else { return }
    }
  }
}

/// One call, with a result that can be compared.
enum Operation {
  case append(Draft, [LogName])
  case mark(Inbox, MarkChange)
  case join(Inbox, Membership.Start)
  case leave(Inbox)
  case retract(MessageName)
  case page(PageQuery)
  case look(LogName, Timestamp, Int, Int)

  static let users: [Text] = ["ann", "bob", "e\u{301}", "\u{E9}"]
  static let teams: [Text] = ["t", "t\0", "u"]
  static let types: [Text] = ["note", "task"]

  /// A digest that many messages share: keys are found again, and in conflict as often.
  static func digest(_ body: MessageBody) -> [UInt8] {
    [UInt8](repeating: body.type == "note" ? 0 : 1, count: 32)
  }

  static func random(_ random: inout SeededGenerator) -> Operation {
    let user = users.randomElement(using: &random)!
    let team = Bool.random(using: &random) ? teams.randomElement(using: &random)! : nil
    let inbox = Inbox(user: user, team: team)
    let log = inbox.log(Bool.random(using: &random) ? .shared : .own)
    let name = MessageName(log: log, seq: .random(in: 0...40, using: &random))
    switch Int.random(in: 0..<20, using: &random) {
    case 0..<6:
      let body = MessageBody(
        type: types.randomElement(using: &random)!, sender: users.randomElement(using: &random),
        receiver: Bool.random(using: &random) ? users.randomElement(using: &random) : nil,
        content: "\(random.next() % 1000)")
      let key: Text? =
        Bool.random(using: &random) ? Text("\(Int.random(in: 0..<30, using: &random))") : nil
      let digest = digest(body)
      let logs = Bool.random(using: &random) ? [log] : [inbox.own, inbox.shared]
      return .append(Draft(body: body, key: key, digest: key == nil ? [] : digest), logs)
    case 6..<10:
      let flags: [MarkChange.Flag] = [.read, .unread, .seen, .archived, .unarchived, .deleted]
      let targets: [MarkChange.Target] = [.all, .upTo(name), .messages([name]), .messages([])]
      return .mark(
        inbox,
        MarkChange(flags.randomElement(using: &random)!, targets.randomElement(using: &random)!))
    case 10: return .join(inbox, Bool.random(using: &random) ? .now : .start)
    case 11: return .leave(inbox)
    case 12: return .retract(name)
    case 13..<15:
      return .look(
        log, .random(in: 0...400, using: &random), .random(in: 0...20, using: &random),
        .random(in: 0...40, using: &random))
    default:
      let filter = Filter(
        concerning: Bool.random(using: &random) ? user : nil,
        types: Bool.random(using: &random) ? [types.randomElement(using: &random)!] : [])
      return .page(
        PageQuery(
          inbox: inbox, view: View.allCases.randomElement(using: &random)!,
          order: Order.allCases.randomElement(using: &random)!, filter: filter,
          size: .random(in: 1...9, using: &random),
          start: .page(number: .random(in: 1...4, using: &random))))
    }
  }

  func run(on store: any MessageStore) async -> String {
    do {
      switch self {
      case .append(let draft, let logs):
        return "\(try await store.append(draft, to: logs))"
      case .mark(let inbox, let change):
        return try await store.change(marksOf: inbox) { reader, state in
          "\(try change.apply(to: &state, reader)) \(state.counts)"
        }
      case .join(let inbox, let start):
        return try await store.change(marksOf: inbox) { _, state in
          state.join(from: start)
          return "\(state.marks.version) \(state.marks.membership)"
        }
      case .leave(let inbox):
        return try await store.change(marksOf: inbox) { _, state in
          state.leave()
          return "\(state.marks.version) \(state.marks.membership)"
        }
      case .retract(let name):
        return "\(try await store.retract(name))"
      case .page(let query):
        return try await store.read { reader in
          let page = try query.page(reader)
          // The stamp is random in each store, so it is not compared.
          var state = page.state
          state.marks.stamp = 0
          let entries = page.entries.map { entry in
            "\(entry.side) \(entry.message.seq) \(entry.message.time) \(entry.message.body) "
              + "\(entry.read) \(entry.seen) \(entry.archived)"
          }
          return "\(page.total) \(page.count) \(entries) \(state)"
        }
      case .look(let log, let time, let first, let last):
        return try await store.read { reader in
          let numbers = try Self.users.map {
            try reader.numbers(in: log, where: .sender($0), from: first, through: last)
          }
          return "\(try reader.last(in: log, notAfter: time)) \(numbers)"
        }
      }
    } catch {
      return "\(error)"
    }
  }
}
