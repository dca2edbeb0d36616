import API
import ArgumentParser
import Inbox
import JSONRPC
import LibC
import Logging

/// Serves one host on stdin and stdout.
struct ServeCommand: ParsableCommand, OutputChoice {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve one host: requests on stdin, answers on stdout, logs on stderr (the default).",
    discussion: """
      Exit status: 0 when stdin ends and every request is answered; 1 after `exit` without `shutdown`; \
      65 if Content-Length framing is broken; 69 if the store can't be opened; 71 if the system has too few \
      threads or descriptors; 73 if the recording can't be created; 74 if the host closed the output; \
      75 if --drain-timeout expired; 78 if MongoDB's URI, credentials or permissions are wrong.
      """)

  @OptionGroup var store: StoreOptions
  @OptionGroup var log: LogOptions
  @OptionGroup(title: "Scope") var scope: ScopeOptions
  @OptionGroup var record: RecordOptions
  @OptionGroup(title: "Limits") var limits: LimitOptions

  @Option(
    name: .long, help: "Message framing: one message per line, Content-Length headers, or detected.")
  var framing: Framing = .detect

  @Option(
    name: .long,
    help: "Seconds to finish accepted requests after SIGTERM, and to wait for a host to read its last events."
  )
  var drainTimeout = 10.0

  @Flag(
    name: .long,
    help: "Keep running when the parent process ends; the end of stdin still ends the program.")
  var detached = false

  func validate() throws {
    guard (0...86_400).contains(drainTimeout) else {
      throw ValidationError("--drain-timeout must be from 0 to 86400 seconds")
    }
  }

  /// The output is the connection's, which is looked at when it begins.
  var printsResult: Bool { false }

  func run() throws {
    let parent = Parent()
    let signals = try Signals(drainMilliseconds: Int(drainTimeout * 1000))
    let streams: StandardStreams
    do {
      streams = try StandardStreams.claim()
    } catch {
      // The host left a descriptor closed, or the system does not give one.
      throw CommandError(error.code == EBADF ? .outputClosed : .system, "\(error)")
    }
    let logger = log.logger()
    let store = try store.open(logger)
    let recording = try record.start(store: store.kind, depth: limits.limits.depth, logger)
    var connection = limits.limits
    connection.lastEventsMilliseconds = Int(drainTimeout * 1000)
    let server = try Server(
      service: TidingsService(
        store: store, limits: limits.limits, following: limits.following, scope: scope.scope,
        cacheBytes: limits.cacheBytes),
      info: ServerInfo(name: "tidings", version: tidingsVersion), limits: connection,
      input: streams.input, output: streams.output, logger: logger, framing: framing,
      observer: recording)
    signals.drain(server)
    if !detached {
      try parent.onEnd {
        logger.warning("the host has ended", metadata: ["pid": "\(parent.id)"])
        server.hostEnded()
      }
    }
    let ending = server.run()
    recording?.finish(ending)
    // After `cutShort`, something still uses the store, which is not closed: its file is safe at any moment.
    if ending != .cutShort { try wait { try await store.close() } }
    leave(ending.status)
  }
}

extension Framing: ExpressibleByArgument {}
