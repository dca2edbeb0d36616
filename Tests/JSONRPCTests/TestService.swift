import JSON
import Locks
import Runtime

@testable import JSONRPC

/// A service with a few methods that show how the server treats calls.
///
/// - `ping` answers `{}` at once; `echo` answers with its parameters.
/// - `gate {name}` answers when the test opens the gate, or when it is cancelled.
/// - `append {key, value, gate?}` and `read {key, gate?}` work on named lists, in order.
/// - `wait` waits until it is woken or ended. `fail {how}` fails. `big {bytes, alone?}` answers with that many bytes.
/// - `direct {how, key?}` works without a task: at once, or when the test runs what is queued; or needs one after all.
/// - `subtract`, `sum`, `get_data`, `update`, `notify_*`: the methods of the specification's examples.
final class TestService: Service {
  let methods = [
    "ping", "echo", "gate", "append", "read", "wait", "fail", "big", "subtract", "sum", "get_data",
    "update", "status", "work", "stubborn", "subscribe", "direct", "follow",
  ]
  let gates = Gates()
  let lists = Locked<[String: [Int]]>([:])
  let begun = Locked<[Int]>([])
  /// What `direct` has queued.
  let queued = Locked<[@Sendable () -> Void]>([])
  /// What was done when connections ended.
  let ended = Locked(0)

  private struct Unexpected: Error {}

  func prepare(method: JSON, params: JSON?) throws(RPCError) -> PreparedCall {
    guard let name = method.string, let index = methods.firstIndex(of: name) else {
      throw .methodNotFound(method.string ?? "")
    }
    let raw = params.map { Array($0.raw) } ?? Array("null".utf8)
    let key = UInt64(params?["key"]?.integer ?? 0)
    let value = Int(params?["value"]?.integer ?? 0)
    let gate = params?["gate"]?.string
    let hasKey = params?["key"]?.integer != nil
    func call(
      _ mode: Dependency.Mode? = nil, _ run: @escaping @Sendable (CallContext) async throws -> [UInt8]
    ) -> PreparedCall {
      let dependencies = mode.flatMap { mode in hasKey ? [Dependency(key: key, mode: mode)] : nil } ?? []
      return PreparedCall(methodIndex: index, dependencies: dependencies, run: run)
    }
    switch name {
    case "ping": return PreparedCall(methodIndex: index, result: Array("{}".utf8))
    case "echo": return call { _ in raw }
    case "gate":
      let mode: Dependency.Mode = params?["mode"]?.string == "read" ? .shared : .ordered(0)
      return call(mode) { [self] context in
        begun.withLock { $0.append(value) }
        try await gates.pass(gate ?? "gate", context)
        return raw
      }
    case "append":
      return call(.ordered(0)) { [self] context in
        lists.withLock { $0["\(key)", default: []].append(value) }
        if let gate { try await gates.pass(gate, context) }
        return Array("{}".utf8)
      }
    case "read":
      return call(.shared) { [self] context in
        if let gate { try await gates.pass(gate, context) }
        return Array("\(lists.withLock { $0["\(key)"] ?? [] })".utf8)
      }
    case "wait":
      return call(.shared) { context in
        let waiting = try context.startWaiting()
        try await waiting.sleep(until: .now.advanced(by: .seconds(3_600)))
        return Array((waiting.hasEnded ? "\"ended\"" : "\"woken\"").utf8)
      }
    case "fail":
      let how = params?["how"]?.string
      return call { _ in
        switch how {
        case "conflict": throw RPCError(RPCError.Kind(code: 2002, name: "conflict"), "no")
        case "cancellation": throw CancellationError()
        default: throw Unexpected()
        }
      }
    case "big":
      let count = Int(params?["bytes"]?.integer ?? 0)
      let isAlone = params?["alone"]?.bool == true
      return call { context in
        if isAlone { context.exceedAnswerLimit() }
        return [0x22] + [UInt8](repeating: 0x78, count: count - 2) + [0x22]
      }
    case "subtract":
      let numbers = params.map { ($0["minuend"]?.integer ?? 0, $0["subtrahend"]?.integer ?? 0) }
      guard let numbers else { throw .invalidParams(pointer: "/minuend", message: "missing") }
      return call { _ in Array("\(numbers.0 - numbers.1)".utf8) }
    case "get_data": return call { _ in Array(#"["hello",5]"#.utf8) }
    case "status":
      return call { context in
        let status = context.status
        let ping = status.methods.first { $0.name == "ping" }
        return Array(
          "[\(status.inFlight),\(status.waiting),\(ping?.requests ?? 0),\(ping?.errors ?? 0)]".utf8)
      }
    case "work":
      return call { [self] context in
        for done in 0...100 { context.progress(done: done, total: 100) }
        if let gate { try await gates.pass(gate, context) }
        context.progress(done: 50, total: 100)
        return Array("{}".utf8)
      }
    case "stubborn":
      return call { [self] context in
        await gates.passUncancelled(gate ?? "gate")
        return Array((context.isCancelled ? "\"done anyway\"" : "\"done\"").utf8)
      }
    case "direct":
      let how = params?["how"]?.string
      return PreparedCall(
        methodIndex: index, dependencies: hasKey ? [Dependency(key: key, mode: .shared)] : [],
        begin: { [self] _, done in
          switch how {
          case "now":
            done(.result(raw))
            return .done
          case "fail":
            done(.failure(RPCError(RPCError.Kind(code: 2002, name: "conflict"), "no")))
            return .done
          case "task": return .needsTask
          default:
            let work = QueuedWork()
            _ = work.enqueue { _ in done(.failure(CancellationError())) }
            queued.withLock { queued in
              queued.append { if work.begin() { done(how == "room" ? .needsTask : .result(raw)) } }
            }
            return .queued { work.takeBack() }
          }
        },
        run: { [self] context in
          if let gate { try await gates.pass(gate, context) }
          return Array("\"task\"".utf8)
        })
    case "subscribe":
      return call { context in
        let notifier = context.notifier
        context.afterAnswer { _ = notifier.notify(method: "inbox_event", params: Array("{}".utf8)) }
        return Array("{}".utf8)
      }
    case "follow":
      // Sends `value` events of `bytes` bytes while there is room, and tells when the connection ends.
      let bytes = Int(params?["bytes"]?.integer ?? 0)
      return call { [self] context in
        let notifier = context.notifier
        notifier.whenEnded { [self] in ended.withLock { $0 += 1 } }
        context.afterAnswer { Self.stream(value, of: bytes, to: notifier) }
        return Array("{}".utf8)
      }
    default: return call { _ in Array("{}".utf8) }
    }
  }
}

extension TestService {
  private static func stream(_ count: Int, of bytes: Int, to notifier: Notifier) {
    var left = count
    while left > 0, notifier.hasRoom {
      let params = Array(#"{"left":\#(left),"text":"\#(String(repeating: "x", count: bytes))"}"#.utf8)
      notifier.send([
        Event(method: "inbox_event", params: params),
        Event(method: "inbox_event", params: params, isWanted: { false }),
      ])
      left -= 1
    }
    if left > 0 { notifier.whenRoom { [left] in stream(left, of: bytes, to: notifier) } }
  }
}

/// Gates at which calls stop until the test lets them go on.
final class Gates: Sendable {
  private struct State {
    var opened: Set<String> = []
    var sleepers: [String: [Int: CheckedContinuation<Void, Never>]] = [:]
    var serial = 0
  }

  private let state = Locked(State())

  /// Stops until the gate is opened or the call is cancelled.
  func pass(_ name: String, _ context: CallContext) async throws {
    let serial = state.withLock { state in
      state.serial += 1
      return state.serial
    }
    context.onCancel { [self] in
      state.withLock { $0.sleepers[name]?.removeValue(forKey: serial) }?.resume()
    }
    await stop(name, serial) { context.isCancelled }
    try context.checkCancellation()
  }

  /// Stops until the gate is opened.
  func passUncancelled(_ name: String) async {
    await stop(
      name,
      state.withLock { state in
        state.serial += 1
        return state.serial
      }
    ) { false }
  }

  /// Lets through all calls that are at the gate or arrive later.
  func open(_ name: String) {
    let sleepers = state.withLock { state in
      state.opened.insert(name)
      return state.sleepers.removeValue(forKey: name) ?? [:]
    }
    for sleeper in sleepers.values { sleeper.resume() }
  }

  /// Lets through the calls that are at the gate now, and no others.
  func openOnce(_ name: String) {
    for sleeper in state.withLock({ $0.sleepers.removeValue(forKey: name) ?? [:] }).values {
      sleeper.resume()
    }
  }

  /// The number of calls that are stopped at a gate.
  func count(_ name: String) -> Int { state.withLock { $0.sleepers[name]?.count ?? 0 } }

  /// Returns once this many calls are stopped at a gate.
  func wait(for name: String, count: Int) async throws { try await until { self.count(name) >= count } }

  private func stop(_ name: String, _ serial: Int, unless isOver: () -> Bool) async {
    await withCheckedContinuation { continuation in
      let passes = state.withLock { state in
        if state.opened.contains(name) || isOver() { return true }
        state.sleepers[name, default: [:]][serial] = continuation
        return false
      }
      if passes { continuation.resume() }
    }
  }
}
