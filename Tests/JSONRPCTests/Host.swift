import Foundation
import JSON
import Logging
import Synchronization

@testable import JSONRPC

/// A host for a server in this process: writes requests into one pipe, reads answers from another. Only
/// threads of its own block, since the tests run on the pool on which the server's calls run.
final class Host: Sendable {
  let server: Server
  private let requests: Int32
  private let answers: Int32
  private let lines: AsyncStream<String>
  private let endings: AsyncStream<Ending>
  private let writing = DispatchQueue(label: "host")
  private let isReading: DispatchSemaphore

  /// Creates a host and starts its server.
  ///
  /// - Parameter reads: false for a host that does not read before `startReading`.
  init(
    _ service: any Service, limits: Limits = Limits(), framing: Framing = .detect, reads: Bool = true,
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  ) throws {
    let input = try Self.pipe()
    let output = try Self.pipe()
    requests = input.write
    answers = output.read
    server = try Server(
      service: service, info: ServerInfo(name: "test", version: "1.0"), limits: limits, input: input.read,
      output: output.write, logger: logger, framing: framing)
    let isReading = DispatchSemaphore(value: 0)
    if reads { isReading.signal() }
    self.isReading = isReading
    let (lines, line) = AsyncStream<String>.makeStream()
    self.lines = lines
    let (endings, ending) = AsyncStream<Ending>.makeStream()
    self.endings = endings
    let server = server
    Foundation.Thread.detachNewThread {
      let result = server.run()
      close(input.read)
      close(output.write)
      ending.yield(result)
      ending.finish()
    }
    let answers = answers
    Foundation.Thread.detachNewThread {
      isReading.wait()
      Self.readLines(answers) { line.yield($0) }
      line.finish()
    }
  }

  /// Writes bytes, as many at a time as fit, without waiting until they are written.
  func send(_ bytes: [UInt8]) {
    writing.async { [requests] in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(requests, $0.baseAddress, $0.count) }
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
      }
    }
  }

  /// Writes text unchanged.
  func send(text: String) { send(Array(text.utf8)) }

  /// Writes lines.
  func send(_ lines: String...) { send(text: lines.map { $0 + "\n" }.joined()) }

  /// Writes a request with an integer id.
  func request(_ id: Int, _ method: String, _ params: String? = nil) {
    let member = params.map { #","params":\#($0)"# } ?? ""
    send(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)"\#(member)}"#)
  }

  /// Cancels a request.
  func cancel(_ id: String) {
    send(#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":\#(id)}}"#)
  }

  /// Closes the host's end for requests, once everything sent is written.
  func closeInput() { writing.async { [requests] in close(requests) } }

  /// Closes the host's end for answers.
  func closeOutput() { close(answers) }

  func startReading() { isReading.signal() }

  /// The next line from the server; nil at the end.
  func next() async -> String? {
    for await line in lines { return line }
    return nil
  }

  /// The next `count` lines.
  func next(_ count: Int) async -> [String] {
    var result: [String] = []
    while result.count < count, let line = await next() { result.append(line) }
    return result
  }

  /// The next line, read as an answer.
  func answer() async throws -> Answer {
    guard let line = await next() else { throw NoAnswer() }
    return try Answer(line)
  }

  /// The next line, read as the answers of a batch.
  func batch() async throws -> [Answer] {
    guard let line = await next() else { throw NoAnswer() }
    return try Answer.batch(line)
  }

  private struct NoAnswer: Error {}

  /// The server's ending.
  func ending() async -> Ending? {
    for await ending in endings { return ending }
    return nil
  }

  /// Closes the input, and returns the remaining lines from the server and its ending.
  func finish() async -> (lines: [String], ending: Ending?) {
    closeInput()
    var rest: [String] = []
    while let line = await next() { rest.append(line) }
    return (rest, await ending())
  }

  private static func pipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    guard Foundation.pipe(&ends) == 0 else { throw SystemError("pipe") }
    return (ends[0], ends[1])
  }

  private static func readLines(_ descriptor: Int32, _ body: (String) -> Void) {
    var partial: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { break }
      partial.append(contentsOf: buffer[..<count])
      let lines = partial.split(separator: 0x0A, omittingEmptySubsequences: false)
      for line in lines.dropLast() { body(String(decoding: line, as: UTF8.self)) }
      partial = Array(lines.last ?? [])
    }
    if !partial.isEmpty { body(String(decoding: partial, as: UTF8.self)) }
  }
}

/// The content of an answer, parsed with Foundation and not with the parser under test.
struct Answer: Sendable, Equatable {
  var id: String
  var result: String?
  var code: Int?
  var kind: String?
  var details: String?

  init(_ line: String) throws {
    let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
    self.init(object)
  }

  private init(_ object: [String: Any]) {
    id = Self.text(object["id"])
    result = object["result"].map(Self.text)
    let error = object["error"] as? [String: Any]
    let data = error?["data"] as? [String: Any]
    code = error?["code"] as? Int
    kind = data?["kind"] as? String
    details = data?["details"].map(Self.text)
  }

  /// Parses the answers of a batch.
  static func batch(_ line: String) throws -> [Answer] {
    let array = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [[String: Any]] ?? []
    return array.map(Answer.init)
  }

  private static func text(_ value: Any?) -> String {
    guard let value,
      let data = try? JSONSerialization.data(
        withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys, .withoutEscapingSlashes])
    else { return "none" }
    return String(decoding: data, as: UTF8.self)
  }
}

/// Returns once a condition holds; the time limit of the suite ends the waiting.
func until(_ condition: () -> Bool) async throws {
  while !condition() { try await Task.sleep(for: .milliseconds(1)) }
}
