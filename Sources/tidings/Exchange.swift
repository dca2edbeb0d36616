import JSON
import JSONRPC
import Logging

/// One request and its answer through a server of their own: a command gets exactly the answer that a host
/// gets.
struct Exchange {
  let service: any Service
  let info: ServerInfo
  let logger: Logger

  /// Sends one request and waits for its answer, in which every character that a terminal might obey is an
  /// escape. Blocks.
  func answer(to request: [UInt8]) throws -> JSON {
    let requests = try Descriptor.pipe()
    let answers = try Descriptor.pipe()
    let server = try Server(
      service: service, info: info, input: requests.reading.number, output: answers.writing.number,
      logger: logger, framing: .lines)
    // Each pipe has a thread: a request or an answer may be larger than a pipe's buffer.
    try SystemLimits.startThread("request") {
      do {
        try requests.writing.write(request + [UInt8(ascii: "\n")])
      } catch {
        logger.error("the request could not be handed over", metadata: ["error": "\(error)"])
        server.stop()
      }
      requests.writing.close()
    }
    try SystemLimits.startThread("answer") {
      _ = server.run()
      answers.writing.close()
    }
    return try JSON(parsing: answers.reading.readToEnd().without(.terminal))
  }
}
