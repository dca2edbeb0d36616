import Foundation
import JSON
import JSONRPC
import Logging

/// One request and its answer through a server of their own: a command sees exactly what a host sees.
struct Exchange {
  let service: any Service
  let info: ServerInfo
  let logger: Logger

  /// Sends one request and waits for its answer. Blocks.
  func answer(to request: [UInt8]) throws -> JSON {
    let requests = Pipe()
    let answers = Pipe()
    let server = try Server(
      service: service, info: info, input: requests.fileHandleForReading.fileDescriptor,
      output: answers.fileHandleForWriting.fileDescriptor, logger: logger, framing: .lines)
    // Each end of a pipe has a thread: a request or an answer may be larger than what a pipe holds.
    Thread {
      let writing = requests.fileHandleForWriting
      do {
        try writing.write(contentsOf: Data(request + [UInt8(ascii: "\n")]))
        try writing.close()
      } catch {
        logger.error("the request could not be handed over", metadata: ["error": "\(error)"])
        server.stop()
      }
    }.start()
    Thread {
      _ = server.run()
      answers.fileHandleForWriting.closeFile()
    }.start()
    let answer = try answers.fileHandleForReading.readToEnd() ?? Data()
    return try JSON(parsing: Array(answer))
  }
}
