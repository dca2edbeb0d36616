import Dispatch
import JSONRPC
import Locks
import Logging
import Transcript

/// The host of a server in the same process: a command gets exactly the answers that any host gets.
///
/// Requests of the host's own, the markers, show how far the server is. Once a marker is answered (with the
/// error that there is no such method), everything sent before it has been taken. If, in addition, nothing
/// was under way when the marker was sent, no more output is to come after its answer.
struct InProcessHost: Playback {
  private let server: InProcessServer
  private let marker = "replay-\(UInt64.random(in: .min ... .max))"
  // Filled by the thread that reads and emptied by the one that plays; held for a moment each.
  private let answers: Locked<AnswerLines>
  private let arrived = DispatchSemaphore(value: 0)
  private let logger: Logger

  /// The number of markers that were sent.
  private var markers = 0
  /// Whether the server has taken everything that was sent.
  private var isTaken = false
  /// Whether, in addition, nothing was under way when the last marker was sent.
  private var isQuiet = false

  init(_ service: any Service, limits: Limits, logger: Logger) throws {
    self.logger = logger
    server = try InProcessServer(service, limits: limits, logger: logger)
    answers = Locked(AnswerLines(marker: Array(#"{"jsonrpc":"2.0","id":"\#(marker)""#.utf8)))
    // The program's output is read at once, so that sending never waits for it.
    try SystemLimits.startThread("answers") { [answers, arrived, logger, server] in
      do {
        while case let chunk = try server.output.read(), !chunk.isEmpty {
          answers.withLock { $0.take(chunk) }
          arrived.signal()
        }
      } catch {
        logger.error("the answers can't be read", metadata: ["error": "\(error)"])
      }
      answers.withLock { $0.hasEnded = true }
      arrived.signal()
    }
  }

  mutating func send(_ line: [UInt8]) {
    (isTaken, isQuiet) = (false, false)
    do {
      try server.send(line)
    } catch {
      // A server that has ended no longer reads. The missing answer will be reported.
      logger.debug("a request could not be sent", metadata: ["error": "\(error)"])
    }
  }

  mutating func receive() -> [UInt8]? {
    while true {
      let (line, answered, hasEnded) = answers.withLock { ($0.next(), $0.markers, $0.hasEnded) }
      if let line { return line }
      if hasEnded { return nil }
      guard answered == markers else {
        arrived.wait()
        continue
      }
      if isQuiet { return nil }
      if isTaken, !server.isQuiet {
        // Something is under way: it will end by itself, with or without an answer.
        _ = arrived.wait(timeout: .now() + .milliseconds(20))
        continue
      }
      let isIdle = isTaken
      send(Array(#"{"jsonrpc":"2.0","id":"\#(marker)","method":"$/marker"}"#.utf8))
      markers += 1
      (isTaken, isQuiet) = (true, isIdle)
    }
  }

  mutating func finish(endingInput: Bool) -> (status: Int32?, rest: [[UInt8]]) {
    var rest: [[UInt8]] = []
    if endingInput { server.endInput() }
    while let line = endingInput ? receiveToEnd() : receive() { rest.append(line) }
    guard endingInput || answers.withLock(\.hasEnded) else {
      server.endInput()
      _ = server.wait()
      return (nil, rest)
    }
    return (server.wait(), rest)
  }

  /// Returns the next line; nil at the end of the stream.
  private func receiveToEnd() -> [UInt8]? {
    while true {
      let (line, hasEnded) = answers.withLock { ($0.next(), $0.hasEnded) }
      if let line { return line }
      if hasEnded { return nil }
      arrived.wait()
    }
  }
}
