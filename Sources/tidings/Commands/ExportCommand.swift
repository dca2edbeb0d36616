import ArgumentParser
import Inbox
import JSONRPC
import LibC
import Moving
import SQLiteStore

/// Writes what a store holds.
struct ExportCommand: ParsableCommand, OutputChoice {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write everything that the store holds, or one team or person, as lines of JSON.",
    discussion: """
      tidings export | gzip > tidings.jsonl.gz
      tidings export --user ada -o ada.jsonl

      The export is of one moment, also while hosts write. `tidings import` makes an equal store of it. Its form is \
      told in Schemas/export.

      Exit status: 69 store unavailable, 70 damaged store, 73 a file can't be made, 74 the output can't be \
      written.
      """)

  @OptionGroup var store: StoreOptions
  @OptionGroup var log: LogOptions

  @Option(name: .long, help: "Only this team: its messages, its readers' own messages and their marks.")
  var team: String?

  @Option(
    name: .long,
    help:
      "Only what is known of this person: their own messages and marks, and messages that they sent or that name them."
  )
  var user: String?

  @Option(name: [.customShort("o"), .customLong("output")], help: "The file to write, instead of stdout.")
  var output: String?

  var printsResult: Bool { output == nil }

  func validate() throws {
    if team != nil, user != nil { throw ValidationError("--team and --user exclude each other") }
    for name in [team, user].compactMap(\.self) where !StoreBounds.identifier.contains(name.utf8.count) {
      throw ValidationError("an identifier has 1 to 128 bytes")
    }
  }

  func run() throws {
    let url = try store.url(makesFolder: false)
    if case .sqlite(let path) = url, !path.exists {
      throw CommandError(.unavailable, "there is no file at \(path)")
    }
    let store = try StoreOptions.open(url, allowsSharing: store.allowSharedFile, log.logger(isQuiet: true))
    let selection: Selection =
      if let team { .team(Text(team)) } else if let user { .user(Text(user)) } else { .all }
    let exporter = Exporter(store, selection, logs: try TemporaryFile(), marks: try TemporaryFile())
    let file = try output.map { path throws(CommandError) in try NewFile(path) }
    var bar = ProgressBar()
    do {
      let moment = try wait { try await exporter.moment() }
      _ = try exporter.write(
        ahead: { begin($0) }, to: { try write($0, file) },
        progress: { bar.show(done: $0, of: moment.messages, messages: $0) })
      try file?.finish()
    } catch {
      file?.remove()
      bar.clear()
      throw CommandError(any: error)
    }
    bar.clear()
    try wait { try await store.close() }
  }

  private func write(_ bytes: [UInt8], _ file: NewFile?) throws(CommandError) {
    if let file { try file.write(bytes) } else { try StandardOutput.write(bytes) }
  }
}

extension CommandError {
  /// The failure for an error of a store, or of the system.
  init(any error: any Error) {
    switch error {
    case let error as CommandError: self = error
    case StoreError.unavailable(let why): self.init(.unavailable, why)
    case StoreError.outcomeUnknown(let why): self.init(.retryable, why)
    case StoreError.damaged(let what): self.init(.software, "\(what): see tidings verify")
    case let error as SystemError: self.init(.system, "\(error)")
    default: self.init(.software, "\(error)")
    }
  }
}
