import API
import Dispatch
import JSONRPC
import Logging
import Synchronization

/// A server on a pair of pipes. Its host is in the same process, and gets what any host gets.
struct InProcessServer: Sendable {
  /// What the server writes; the end of it comes when the server has ended.
  let output: Descriptor
  let server: Server
  private let service: any Service
  private let input: Descriptor
  private let ended = Ended()

  /// The end of the server's run.
  private final class Ended: Sendable {
    // Written before `signal` is signalled, and read after it.
    let status = Atomic<Int32>(0)
    let signal = DispatchSemaphore(value: 0)
  }

  /// Creates a server and runs it on a thread of its own.
  init(_ service: any Service, limits: Limits, logger: Logger) throws {
    self.service = service
    let (requests, answers) = (try Descriptor.pipe(), try Descriptor.pipe())
    (input, output) = (requests.writing, answers.reading)
    server = try Server(
      service: service, info: ServerInfo(name: "tidings", version: tidingsVersion), limits: limits,
      input: requests.reading.number, output: answers.writing.number, logger: logger, framing: .lines)
    try SystemLimits.startThread("server") { [server, ended] in
      ended.status.store(server.run().status, ordering: .releasing)
      // From here on a send fails, rather than waiting for a reader.
      requests.reading.close()
      answers.writing.close()
      ended.signal.signal()
    }
  }

  /// Sends a request; throws if the server has ended.
  func send(_ line: [UInt8]) throws(SystemError) { try input.write(line + [0x0A]) }

  /// Whether nothing is under way, and nothing is about to be told.
  var isQuiet: Bool {
    let status = server.status
    return status.inFlight == 0 && status.waiting == 0 && status.outputBytes == 0 && service.isQuiet
  }

  /// Ends the server's input: it answers what it has, and ends.
  func endInput() { input.close() }

  /// Waits for the server's end; returns its status. To be called once.
  func wait() -> Int32 {
    ended.signal.wait()
    return ended.status.load(ordering: .acquiring)
  }
}
