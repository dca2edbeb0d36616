import ArgumentParser
import Inbox
import JSONRPC
import Locks
import Moving

/// Brings an export into a store.
struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Bring messages and marks into the store.",
    discussion: """
      tidings export --store sqlite:old.db | tidings import --from - --store mongodb://localhost/tidings
      tidings import --from tidings.jsonl --dry-run

      An import that was ended on the way is completed by the same command. Hosts may work on the store meanwhile: what \
      they wrote is never replaced.

      Exit status: 65 something can't be imported, 66 the file can't be read, 69 store unavailable, 75 try again.
      """)

  @OptionGroup var store: StoreOptions
  @OptionGroup var log: LogOptions

  @Option(
    name: .long, help: ArgumentHelp("A file that tidings export has written; - is stdin.", valueName: "file"))
  var from: String

  @Flag(name: .long, help: "Write nothing: tell what would be done, and every problem.")
  var dryRun = false

  @Flag(name: .long, help: "Leave out what can't be imported, and go on.")
  var skipBad = false

  func run() throws {
    var file = try SourceFile(from)
    let url = try store.url(makesFolder: !dryRun)
    let store = try StoreOptions.open(url, allowsSharing: store.allowSharedFile, log.logger(isQuiet: true))
    var session = ExportImport(
      Restorer(store, skipsBad: skipBad, isDry: dryRun), stopsAtProblems: !skipBad && !dryRun)
    do {
      try session.run(&file)
    } catch {
      session.bar.clear()
      throw CommandError(any: error)
    }
    try wait { try await store.close() }
    let summary = try session.summary(isDry: dryRun)
    ProgressBar.write(summary + "\n")
    if session.problems > 0, !skipBad { throw ExitCode(ExitStatus.badData.rawValue) }
  }
}
