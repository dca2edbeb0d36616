import DequeModule
import Seeds
import Testing

@testable import JSONRPC

/// Two classes of ordered calls.
extension Dependency.Mode {
  fileprivate static let append = Self.ordered(0)
  fileprivate static let mark = Self.ordered(1)
}

struct OrderQueueTests {
  private static let allModes: [Dependency.Mode] = [.shared, .append, .mark, .exclusive]

  /// One step of a table: a call arrives or ends, and these calls start.
  enum Step: Sendable {
    case arrives(Int, [Dependency], starts: [Int])
    case ends(Int, starts: [Int])
  }

  struct Case: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var steps: [Step]
  }

  private static func read(_ keys: UInt64...) -> [Dependency] {
    keys.map { Dependency(key: $0, mode: .shared) }
  }
  private static func append(_ keys: UInt64...) -> [Dependency] {
    keys.map { Dependency(key: $0, mode: .append) }
  }
  private static func mark(_ keys: UInt64...) -> [Dependency] {
    keys.map { Dependency(key: $0, mode: .mark) }
  }
  private static func alone(_ keys: UInt64...) -> [Dependency] {
    keys.map { Dependency(key: $0, mode: .exclusive) }
  }

  static let table = [
    Case(
      testDescription: "readers run together",
      steps: [
        .arrives(1, read(7), starts: [1]), .arrives(2, read(7), starts: [2]), .ends(1, starts: []),
        .ends(2, starts: []),
      ]),
    Case(
      testDescription: "a read waits for the append before it, and they for it",
      steps: [
        .arrives(1, append(7), starts: [1]), .arrives(2, append(7), starts: [2]),
        .arrives(3, read(7), starts: []), .arrives(4, append(7), starts: []), .ends(2, starts: []),
        .ends(1, starts: [3]), .ends(3, starts: [4]),
      ]),
    Case(
      testDescription: "a reader behind a waiting append does not overtake it",
      steps: [
        .arrives(1, read(7), starts: [1]), .arrives(2, append(7), starts: []),
        .arrives(3, read(7), starts: []), .ends(1, starts: [2]), .ends(2, starts: [3]),
      ]),
    Case(
      testDescription: "appends and marks wait for one another",
      steps: [
        .arrives(1, mark(7), starts: [1]), .arrives(2, append(7), starts: []),
        .arrives(3, mark(7), starts: []), .ends(1, starts: [2]), .ends(2, starts: [3]),
      ]),
    Case(
      testDescription: "exclusive runs alone",
      steps: [
        .arrives(1, alone(7), starts: [1]), .arrives(2, alone(7), starts: []),
        .arrives(3, read(8), starts: [3]), .ends(1, starts: [2]),
      ]),
    Case(
      testDescription: "several keys: all of them at once",
      steps: [
        .arrives(1, append(1), starts: [1]), .arrives(2, append(2), starts: [2]),
        .arrives(3, read(1, 2), starts: []), .arrives(4, append(3), starts: [4]),
        .arrives(5, append(2), starts: []), .ends(1, starts: []), .ends(2, starts: [3]),
        .ends(3, starts: [5]),
      ]),
    Case(
      testDescription: "an append behind one that has not started waits for its start",
      steps: [
        .arrives(1, read(2), starts: [1]), .arrives(2, append(1, 2), starts: []),
        .arrives(3, append(1), starts: []), .arrives(4, append(1), starts: []),
        .ends(1, starts: [2, 3, 4]),
      ]),
    Case(
      testDescription: "a read does not wait for a read that waits elsewhere",
      steps: [
        .arrives(1, append(2), starts: [1]), .arrives(2, read(1, 2), starts: []),
        .arrives(3, read(1), starts: [3]), .ends(1, starts: [2]),
      ]),
    Case(
      testDescription: "a call that is cancelled in the queue lets those behind it pass",
      steps: [
        .arrives(1, read(7), starts: [1]), .arrives(2, append(7), starts: []),
        .arrives(3, read(7), starts: []), .ends(2, starts: [3]),
      ]),
    Case(
      testDescription: "a key in two modes is exclusive",
      steps: [
        .arrives(1, read(7) + append(7), starts: [1]), .arrives(2, read(7), starts: []),
        .ends(1, starts: [2]),
      ]),
    Case(
      testDescription: "a key twice counts once",
      steps: [
        .arrives(1, append(7, 7, 8, 7), starts: [1]), .arrives(2, append(7), starts: [2]),
        .ends(1, starts: []), .arrives(3, read(7), starts: []), .ends(2, starts: [3]),
      ]),
  ]

  @Test(arguments: table) func steps(_ example: Case) {
    var queue = OrderQueue<Int>()
    var tickets: [Int: Int] = [:]
    for step in example.steps {
      var ready = Deque<Int>()
      switch step {
      case .arrives(let call, let dependencies, let starts):
        tickets[call] = queue.enqueue(call, dependencies: dependencies, ready: &ready)
        #expect(Array(ready) == starts)
      case .ends(let call, let starts):
        queue.remove(tickets[call]!, ready: &ready)
        #expect(ready.map(\.self).sorted() == starts)
      }
    }
  }

  /// The rule in its simplest form, in quadratic time: the queue must agree with it.
  private struct Model {
    struct Call {
      var id: Int
      var modes: [UInt64: Dependency.Mode]
      var isStarted = false
    }
    var calls: [Call] = []

    mutating func add(_ id: Int, _ dependencies: [Dependency]) {
      var modes: [UInt64: Dependency.Mode] = [:]
      for dependency in dependencies {
        modes[dependency.key] =
          modes[dependency.key].map { $0 == dependency.mode ? $0 : .exclusive } ?? dependency.mode
      }
      calls.append(Call(id: id, modes: modes))
    }

    mutating func start() -> [Int] {
      var started: [Int] = []
      for index in calls.indices where !calls[index].isStarted {
        let isHeld = calls[..<index].contains { earlier in
          calls[index].modes.contains { key, mode in
            guard let other = earlier.modes[key] else { return false }
            return other != mode || mode == .exclusive || (mode != .shared && !earlier.isStarted)
          }
        }
        guard !isHeld else { continue }
        calls[index].isStarted = true
        started.append(calls[index].id)
      }
      return started
    }
  }

  @Test(arguments: 0..<12) func randomRunAgreesWithTheRule(_ run: Int) {
    let seed = UInt64.random(in: 0...(.max))
    var random = SeededGenerator(seed: seed)
    var queue = OrderQueue<Int>()
    var model = Model()
    var tickets: [Int: Int] = [:]
    /// For every key, the calls that change it, in order of arrival and in order of starting.
    var arrived: [UInt64: [Int]] = [:]
    var began: [UInt64: [Int]] = [:]
    var cancelled: Set<Int> = []
    var changes: [Int: [UInt64]] = [:]
    let keys = UInt64(2 + run % 7)
    for id in 0..<1_000 {
      var ready = Deque<Int>()
      if tickets.isEmpty || Int.random(in: 0..<100, using: &random) < 55 {
        let count = Int.random(in: 1...4, using: &random)
        let dependencies = (0..<count).map { _ in
          Dependency(
            key: UInt64.random(in: 0..<keys, using: &random),
            mode: Self.allModes.randomElement(using: &random)!)
        }
        model.add(id, dependencies)
        changes[id] = model.calls.last!.modes.filter { $0.value != .shared }.map(\.key)
        for key in changes[id]! { arrived[key, default: []].append(id) }
        tickets[id] = queue.enqueue(id, dependencies: dependencies, ready: &ready)
      } else {
        // Ending a call that has not started is the same as cancelling it.
        let ended = tickets.keys.sorted().randomElement(using: &random)!
        let index = model.calls.firstIndex { $0.id == ended }!
        if !model.calls[index].isStarted { cancelled.insert(ended) }
        model.calls.remove(at: index)
        queue.remove(tickets.removeValue(forKey: ended)!, ready: &ready)
      }
      #expect(ready.map(\.self).sorted() == model.start(), "seed \(seed), step \(id)")
      for started in ready {
        for key in changes[started]! { began[key, default: []].append(started) }
      }
    }
    for (key, order) in began {
      let expected = arrived[key]!.filter { !cancelled.contains($0) }
      #expect(order == Array(expected.prefix(order.count)), "seed \(seed), key \(key)")
    }
    for ticket in tickets.values {
      var ready = Deque<Int>()
      queue.remove(ticket, ready: &ready)
    }
    #expect(queue.isEmpty, "seed \(seed)")
  }

  /// The effect of calls on the lists of their keys, one after the other or as the queue lets them run:
  /// appends and marks change a list when they start, an exclusive call changes it when it ends, and reads
  /// copy it when they end. Each call must see what it would have seen in order of arrival.
  private struct Lists {
    var lists: [UInt64: [Int]] = [:]

    mutating func begin(_ id: Int, _ modes: [UInt64: Dependency.Mode]) {
      for (key, mode) in modes where mode == .append || mode == .mark { lists[key, default: []].append(id) }
    }

    /// Ends a call and returns what it saw on the keys that it may read.
    mutating func end(_ id: Int, _ modes: [UInt64: Dependency.Mode]) -> [UInt64: [Int]] {
      var seen: [UInt64: [Int]] = [:]
      for (key, mode) in modes where mode == .shared || mode == .exclusive {
        seen[key] = lists[key] ?? []
        if mode == .exclusive { lists[key, default: []].append(-id) }
      }
      return seen
    }
  }

  @Test(arguments: 0..<20) func randomRunIsEquivalentToOrderOfArrival(_ run: Int) {
    let seed = UInt64.random(in: 0...(.max))
    var random = SeededGenerator(seed: seed)
    var queue = OrderQueue<Int>()
    var (concurrent, sequential) = (Lists(), Lists())
    var expected: [Int: [UInt64: [Int]]] = [:]
    var modes: [Int: [UInt64: Dependency.Mode]] = [:]
    var tickets: [Int: Int] = [:]
    var running: [Int] = []
    let keys = UInt64(1 + run % 6)
    for id in 1...2_000 {
      var ready = Deque<Int>()
      // At first more calls arrive than end; then all of them end.
      if id <= 1_000, running.isEmpty || Int.random(in: 0..<10, using: &random) < 6 {
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          modes[id, default: [:]][.random(in: 0..<keys, using: &random)] =
            Self.allModes.randomElement(using: &random)!
        }
        sequential.begin(id, modes[id]!)
        expected[id] = sequential.end(id, modes[id]!)
        tickets[id] = queue.enqueue(
          id, dependencies: modes[id]!.map { Dependency(key: $0, mode: $1) }, ready: &ready)
      } else if let index = running.indices.randomElement(using: &random) {
        let ended = running.remove(at: index)
        #expect(concurrent.end(ended, modes[ended]!) == expected[ended], "seed \(seed), call \(ended)")
        queue.remove(tickets.removeValue(forKey: ended)!, ready: &ready)
      }
      for started in ready {
        concurrent.begin(started, modes[started]!)
        running.append(started)
      }
    }
    #expect(queue.isEmpty && tickets.isEmpty && concurrent.lists == sequential.lists, "seed \(seed)")
  }

  /// A call that never ends holds up the calls that touch the same keys, and no others.
  @Test func aSlowCallHoldsUpOnlyItsOwnKeys() {
    for mode in Self.allModes {
      var queue = OrderQueue<Int>()
      var ready = Deque<Int>()
      _ = queue.enqueue(0, dependencies: [Dependency(key: 0, mode: mode)], ready: &ready)
      for id in 1..<500 {
        let key = UInt64(1 + id % 50)
        let other = Self.allModes[id % Self.allModes.count]
        let ticket = queue.enqueue(id, dependencies: [Dependency(key: key, mode: other)], ready: &ready)
        queue.remove(ticket, ready: &ready)
      }
      #expect(Array(ready) == Array(0..<500))
    }
  }

  /// Any number of readers of one log, each with marks of its own, run at once.
  @Test func readersOfOneTeamDontWaitForOneAnother() {
    var queue = OrderQueue<Int>()
    var ready = Deque<Int>()
    for id in 0..<500 {
      let own = Dependency(key: UInt64(id + 1), mode: id % 2 == 0 ? .shared : .mark)
      _ = queue.enqueue(id, dependencies: [Dependency(key: 0, mode: .shared), own], ready: &ready)
    }
    #expect(Array(ready) == Array(0..<500))
  }
}
