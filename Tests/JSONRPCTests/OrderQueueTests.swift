import DequeModule
import Testing

@testable import JSONRPC

struct OrderQueueTests {
  /// One step of a table: a call arrives or ends, and these start.
  enum Step: Sendable {
    case arrives(Int, [Touch], starts: [Int])
    case ends(Int, starts: [Int])
  }

  struct Case: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var steps: [Step]
  }

  private static func read(_ keys: UInt64...) -> [Touch] { keys.map { Touch(key: $0, mode: .read) } }
  private static func append(_ keys: UInt64...) -> [Touch] { keys.map { Touch(key: $0, mode: .append) } }
  private static func mark(_ keys: UInt64...) -> [Touch] { keys.map { Touch(key: $0, mode: .mark) } }
  private static func alone(_ keys: UInt64...) -> [Touch] { keys.map { Touch(key: $0, mode: .exclusive) } }

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
      case .arrives(let call, let touches, let starts):
        tickets[call] = queue.enqueue(call, touching: touches, ready: &ready)
        #expect(Array(ready) == starts)
      case .ends(let call, let starts):
        queue.remove(tickets[call]!, ready: &ready)
        #expect(ready.map(\.self).sorted() == starts)
      }
    }
  }

  /// The rule said plainly, in quadratic time: what the queue must agree with.
  private struct Model {
    struct Call {
      var id: Int
      var modes: [UInt64: Touch.Mode]
      var isStarted = false
    }
    var calls: [Call] = []

    mutating func add(_ id: Int, _ touches: [Touch]) {
      var modes: [UInt64: Touch.Mode] = [:]
      for touch in touches {
        modes[touch.key] = modes[touch.key].map { $0 == touch.mode ? $0 : .exclusive } ?? touch.mode
      }
      calls.append(Call(id: id, modes: modes))
    }

    mutating func start() -> [Int] {
      var started: [Int] = []
      for index in calls.indices where !calls[index].isStarted {
        let isHeld = calls[..<index].contains { earlier in
          calls[index].modes.contains { key, mode in
            guard let other = earlier.modes[key] else { return false }
            return other != mode || mode == .exclusive || (mode != .read && !earlier.isStarted)
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
    var random = SplitMix(seed)
    var queue = OrderQueue<Int>()
    var model = Model()
    var tickets: [Int: Int] = [:]
    /// For every key the calls that change it, in order of arrival and of starting.
    var arrived: [UInt64: [Int]] = [:]
    var began: [UInt64: [Int]] = [:]
    var cancelled: Set<Int> = []
    var changes: [Int: [UInt64]] = [:]
    let keys = UInt64(2 + run % 7)
    for id in 0..<1_000 {
      var ready = Deque<Int>()
      if tickets.isEmpty || Int.random(in: 0..<100, using: &random) < 55 {
        let count = Int.random(in: 1...4, using: &random)
        let touches = (0..<count).map { _ in
          Touch(
            key: UInt64.random(in: 0..<keys, using: &random),
            mode: Touch.Mode.allCases.randomElement(using: &random)!)
        }
        model.add(id, touches)
        changes[id] = model.calls.last!.modes.filter { $0.value != .read }.map(\.key)
        for key in changes[id]! { arrived[key, default: []].append(id) }
        tickets[id] = queue.enqueue(id, touching: touches, ready: &ready)
      } else {
        // Ending a call that has not started is cancelling it.
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

  /// Lists that appends add to when they start and reads copy at any moment while they run give the same as
  /// one call after the other.
  @Test(arguments: 0..<10) func randomRunIsEquivalentToOrderOfArrival(_ run: Int) {
    let seed = UInt64.random(in: 0...(.max))
    var random = SplitMix(seed)
    var queue = OrderQueue<Int>()
    var concurrent: [UInt64: [Int]] = [:]
    var sequential: [UInt64: [Int]] = [:]
    var expected: [Int: [UInt64: [Int]]] = [:]
    var touches: [Int: [Touch]] = [:]
    var tickets: [Int: Int] = [:]
    var running: [Int] = []
    func begin(_ ready: Deque<Int>) {
      for id in ready {
        running.append(id)
        for touch in Set(touches[id]!) where touch.mode == .append {
          concurrent[touch.key, default: []].append(id)
        }
      }
    }
    for id in 0..<1_000 {
      var ready = Deque<Int>()
      if running.isEmpty || Bool.random(using: &random) {
        let mode: Touch.Mode = Bool.random(using: &random) ? .read : .append
        let keys = Set((0..<3).map { _ in UInt64.random(in: 0..<5, using: &random) })
        touches[id] = keys.map { Touch(key: $0, mode: mode) }
        for key in keys where mode == .append { sequential[key, default: []].append(id) }
        expected[id] = sequential.filter { keys.contains($0.key) }
        tickets[id] = queue.enqueue(id, touching: touches[id]!, ready: &ready)
      } else {
        let index = running.indices.randomElement(using: &random)!
        let ended = running.remove(at: index)
        if touches[ended]!.contains(where: { $0.mode == .read }) {
          let seen = concurrent.filter { entry in touches[ended]!.contains { $0.key == entry.key } }
          #expect(seen == expected[ended], "seed \(seed), call \(ended)")
        }
        queue.remove(tickets[ended]!, ready: &ready)
      }
      begin(ready)
    }
  }
}

/// A generator with a seed, so that a failing run can be run again.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
