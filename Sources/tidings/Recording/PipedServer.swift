import API
import Foundation
import JSONRPC
import Locks
import Logging
import Synchronization
import Transcript

/// A server of its own on a pair of pipes, to which a transcript is played: it sees what a host would send.
final class PipedServer: Playback, Sendable {
  private let requests = Pipe()
  // Filled by the thread that reads and emptied by the one that plays; held for a moment each.
  private let lines = Locked<[[UInt8]]>([])
  private let arrived = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)
  // Written before `ended` is signalled, read after it.
  private let status = Atomic<Int32>(0)
  private let logger: Logger

  private let server: Server

  init(_ service: any Service, limits: Limits, logger: Logger) throws {
    self.logger = logger
    let answers = Pipe()
    server = try Server(
      service: service,
      info: ServerInfo(name: "tidings", version: tidingsVersion), limits: limits,
      input: requests.fileHandleForReading.fileDescriptor,
      output: answers.fileHandleForWriting.fileDescriptor, logger: logger, framing: .lines)
    Thread { [self, server] in
      status.store(server.run().status, ordering: .releasing)
      answers.fileHandleForWriting.closeFile()
      ended.signal()
    }.start()
    // Whatever the program says is taken at once, so that sending never waits for it.
    Thread { [self] in read(answers.fileHandleForReading) }.start()
  }

  private func read(_ answers: FileHandle) {
    var rest: [UInt8] = []
    while case let chunk = answers.availableData, !chunk.isEmpty {
      rest += chunk
      let parts = rest.split(separator: 0x0A, omittingEmptySubsequences: false)
      rest = Array(parts.last ?? [])
      for line in parts.dropLast() {
        lines.withLock { $0.append(Array(line)) }
        arrived.signal()
      }
    }
    arrived.signal()
  }

  func send(_ line: [UInt8]) {
    do {
      try requests.fileHandleForWriting.write(contentsOf: Data(line + [0x0A]))
    } catch {
      // A server that has ended reads no more; that it does not answer will be found.
      logger.warning("a request could not be sent", metadata: ["error": "\(error)"])
    }
  }

  func receive() -> [UInt8]? {
    var quiet = 0
    while arrived.wait(timeout: .now() + .milliseconds(100)) == .timedOut {
      // What was sent is taken within moments: with nothing under way, nothing will come.
      quiet = server.status.isIdle ? quiet + 1 : 0
      if quiet == 20 { return nil }
    }
    let line = lines.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    // The end stays the end.
    if line == nil { arrived.signal() }
    return line
  }

  func finish(endingInput: Bool) -> Int32 {
    if endingInput { requests.fileHandleForWriting.closeFile() }
    ended.wait()
    return status.load(ordering: .acquiring)
  }
}

extension ServerStatus {
  fileprivate var isIdle: Bool { inFlight == 0 && waiting == 0 && outputBytes == 0 }
}
