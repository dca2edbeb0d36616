import API
import ArgumentParser
import JSON
import JSONRPC

/// Follows inboxes and prints what happens in them.
struct WatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Follow a user's inboxes and print what happens in them.",
    discussion: """
      tidings watch --user bo --team blue --team red     # with the account's inbox
      tidings watch --user bo | jq .message.content      # a line of JSON for each event in a pipe
      tail -n1 events | tidings watch --user bo --since - >> events   # goes on where it ended

      Exit status: 0 after SIGINT or SIGTERM, 64 bad parameters, 69 store unavailable, 70 internal error, \
      71 too few threads or descriptors, 74 the output was closed, 75 try again, 78 MongoDB's URI, credentials \
      or permissions are wrong.
      """)

  @OptionGroup var store: StoreOptions
  @OptionGroup var log: LogOptions

  @Option(name: .long, help: ArgumentHelp("The user whose inboxes are followed.", valueName: "id"))
  var user: String

  @Option(
    name: .customLong("team"),
    help: ArgumentHelp("Follow the user's inbox in this team; may be repeated.", valueName: "id"))
  var teams: [String] = []

  @Flag(name: .long, help: "Leave out the inbox of the user's account.")
  var noAccount = false

  @Option(
    name: .long, help: "Every event (messages), or only numbers, at most ten a second an inbox (counts).")
  var detail = "messages"

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Continue after this line, which `watch` has printed in a pipe; - reads it from stdin.",
      discussion:
        "Nothing is missed and nothing comes twice. Without it, or if stdin is empty, watching begins now.",
      valueName: "line"))
  var since: String?

  func validate() throws {
    guard !(teams.isEmpty && noAccount) else { throw ValidationError("--no-account needs --team ID") }
  }

  func run() throws {
    let signals = try Signals(drainMilliseconds: 1000)
    var followed = FollowedInboxes((noAccount ? [] : [nil]) + teams.map { $0 })
    if let line = try sinceLine(), !followed.resume(after: line) {
      throw CommandError(.badParameters, "--since is no line that this command has printed")
    }
    let logger = log.logger(isQuiet: true)
    let store = try store.open(logger)
    let server = try InProcessServer(
      TidingsService(store: store, scope: Scope(user: nil, username: nil, teams: [], isReadOnly: true)),
      limits: Limits(), logger: logger)
    signals.drain(server.server)
    try StandardOutput.leaveWhenClosed()
    try server.send(JSONWriter.request("subscribe", followed.parameters(user: user, detail: detail)[...]))
    // Nothing is read before what was read is written: where that waits, the server waits, and holds no backlog.
    let isTerminal = Descriptor.standardOutput.isTerminal
    var rest: [UInt8] = []
    while case let chunk = try server.output.read(), !chunk.isEmpty {
      var text: [UInt8] = []
      var start = 0
      while let end = chunk[start...].firstIndex(of: 0x0A) {
        // Every character that a terminal might obey is an escape.
        let message = try JSON(parsing: (rest + chunk[start..<end]).without(.terminal), maximumDepth: 1_002)
        guard message["error"] == nil else { throw CommandError(answer: message) }
        for event in followed.take(message) { text += isTerminal ? event.sentence : event.line }
        (rest, start) = ([], end + 1)
      }
      rest += chunk[start...]
      try StandardOutput.write(text)
    }
    _ = server.wait()
    try wait { try await store.close() }
  }

  private func sinceLine() throws(CommandError) -> [UInt8]? {
    switch since {
    case nil: return nil
    case "-":
      do {
        let text = try Descriptor.standardInput.readToEnd()
        return text.allSatisfy({ [0x20, 0x09, 0x0A, 0x0D].contains($0) }) ? nil : text
      } catch {
        throw CommandError(.badParameters, "--since can't be read: \(error)")
      }
    case let line?: return line.systemBytes
    }
  }
}
