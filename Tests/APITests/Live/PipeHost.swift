import Foundation
import JSONRPC
import Locks
import Logging
import Synchronization

@testable import API

/// A host of a server in this process. It keeps what it is told; only a thread of its own blocks.
final class PipeHost: Sendable {
  let service: TidingsService
  let server: Server
  private let requests: Int32
  private let answers: Int32
  private let received = Locked(Received())
  private let serial = Atomic(0)
  private let hasEnded = Atomic(false)

  private struct Received: Sendable {
    /// Answers by their ids, as JSON text: the result, or the kind of the error.
    var answers: [Int: String] = [:]
    var events: [InboxEvent] = []
    /// The ids of answers and the numbers of events, in order of arrival.
    var order: [String] = []
  }

  /// An event as a host gets it.
  struct InboxEvent: Codable, Sendable, Equatable {
    var subscription: Int
    var team_id: String?
    var cursor: String
    var event: String
    var total, count, unseen: Int
    var nid: String?
    var reason: String?
    var message: Message?

    struct Message: Codable, Sendable, Equatable {
      var nid: String
      var read, seen, archived: Bool
    }
  }

  private struct Notice: Codable { var params: InboxEvent }

  init(
    _ service: TidingsService, limits: Limits = Limits(), reads: Bool = true,
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  ) throws {
    self.service = service
    let (input, output) = (try Self.pipe(), try Self.pipe())
    (requests, answers) = (input.write, output.read)
    server = try Server(
      service: service, info: ServerInfo(name: "test", version: "1.0"), limits: limits, input: input.read,
      output: output.write, logger: logger)
    Thread.detachNewThread { [self] in
      _ = server.run()
      close(input.read)
      close(output.write)
      hasEnded.store(true, ordering: .releasing)
    }
    if reads { startReading(output.read) }
  }

  func startReading() { startReading(answers) }

  private func startReading(_ descriptor: Int32) {
    Thread.detachNewThread { [self] in
      var partial: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while case let count = buffer.withUnsafeMutableBytes({ read(descriptor, $0.baseAddress, $0.count) }),
        count > 0
      {
        partial += buffer[..<count]
        var lines = partial.split(separator: 0x0A, omittingEmptySubsequences: false)
        partial = Array(lines.removeLast())
        for line in lines { take(Data(line)) }
      }
      close(descriptor)
    }
  }

  private func take(_ line: Data) {
    guard let value = try? JSONSerialization.jsonObject(with: line) else { return }
    if let items = value as? [[String: Any]] {
      received.withLock { $0.order.append("batch") }
      for item in items { take(item) }
    } else if let message = value as? [String: Any] {
      if message["method"] as? String == "inbox_event",
        let notice = try? JSONDecoder().decode(Notice.self, from: line)
      {
        received.withLock {
          $0.order.append("event \(notice.params.subscription)")
          $0.events.append(notice.params)
        }
      } else {
        take(message)
      }
    }
  }

  private func take(_ message: [String: Any]) {
    guard let id = message["id"] as? Int else { return }
    let data = (message["error"] as? [String: Any])?["data"] as? [String: Any]
    let text =
      data?["kind"] as? String
      ?? String(
        decoding: (try? JSONSerialization.data(withJSONObject: message["result"] ?? [:])) ?? Data(),
        as: UTF8.self)
    received.withLock {
      $0.order.append("\(id)")
      $0.answers[id] = text
    }
  }

  /// Sends a request and returns its id.
  @discardableResult func send(_ method: String, _ params: String) -> Int {
    let id = serial.add(1, ordering: .relaxed).newValue
    send(line: #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#)
    return id
  }

  func send(line: String) {
    let bytes = Array(line.utf8) + [0x0A]
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(requests, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// Calls a method; the result as JSON text, or the kind of the error.
  func call(_ method: String, _ params: String) async throws -> String {
    try await answer(send(method, params))
  }

  func answer(_ id: Int) async throws -> String {
    try await until { received.withLock { $0.answers[id] != nil } }
    return received.withLock { $0.answers[id]! }
  }

  /// Calls a method, and reads its result.
  func call<Result: Decodable>(_ method: String, _ params: String, as type: Result.Type) async throws
    -> Result
  {
    try JSONDecoder().decode(type, from: Data(try await call(method, params).utf8))
  }

  var events: [InboxEvent] { received.withLock(\.events) }
  var order: [String] { received.withLock(\.order) }

  /// Waits until everything that has happened is told, and read by this host.
  func quiet() async throws {
    try await until { service.isQuiet }
    _ = try await call("ping", "{}")
  }

  func closeInput() { close(requests) }

  /// Waits until the server has ended.
  func ended() async throws { try await until { hasEnded.load(ordering: .acquiring) } }

  private static func pipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    guard Foundation.pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
    return (ends[0], ends[1])
  }
}

/// Returns once a condition holds; the time limit of the suite ends the waiting.
func until(_ condition: () -> Bool) async throws {
  while !condition() { try await Task.sleep(for: .milliseconds(1)) }
}
