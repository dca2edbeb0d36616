import ArgumentParser
import Importing
import Inbox
import JSONRPC
import Locks
import Moving
import SQLiteStore

/// Brings an export of Tidings, or what another program kept, into a store.
struct ImportCommand: ParsableCommand, OutputChoice {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Bring messages and marks into the store.",
    discussion: """
      tidings export --store sqlite:old.db | tidings import --from - --store mongodb://localhost/tidings
      tidings import --from tidings.jsonl --dry-run
      tidings import --from mongodb://localhost/product --collection team_message --kind team
      tidings import --from notifications.csv --kind account --map reader_id=notifiable_id

      An import that was ended on the way is completed by the same command. Hosts may work on the store meanwhile: what \
      they wrote is never replaced.

      Exit status: 65 something can't be imported, 66 the file can't be read, 69 store unavailable, 73 no room for \
      temporary files, 75 try again.
      """)

  @OptionGroup var store: StoreOptions
  @OptionGroup var log: LogOptions

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A file that tidings export has written; - is stdin. With --kind what another program kept: a file, or "
        + "mongodb://.../DATABASE.", valueName: "file"))
  var from: String

  @Flag(name: .long, help: "Write nothing: tell what would be done, and every problem.")
  var dryRun = false

  @Flag(name: .long, help: "Leave out what can't be imported, and go on.")
  var skipBad = false

  @OptionGroup(title: "What another program kept") var foreign: ForeignOptions

  /// All that is told goes to stderr.
  var printsResult: Bool { false }

  func run() throws {
    if foreign.areGiven || ForeignOptions.isDatabase(from) { return try runForeign() }
    var file = try SourceFile(from)
    // Opened once the file is known to be an export: until then nothing is made.
    var session = ExportImport(skipsBad: skipBad, isDry: dryRun) { try opened() }
    do {
      try session.run(&file)
    } catch {
      session.bar.clear()
      throw CommandError(any: error)
    }
    try session.close()
    if !session.isUsable, !file.isExport {
      ProgressBar.tell(
        "\(file.name) is no export of Tidings: --kind team or --kind account imports what another program kept"
      )
    }
    ProgressBar.tell(try session.summary())
    if file.hasChanged { throw CommandError(.retryable, file.changeSentence) }
    if session.problems > 0, !skipBad || !session.isUsable { throw ExitCode(ExitStatus.badData.rawValue) }
  }

  private func opened() throws -> any MessageStore {
    var url = try store.url(makesFolder: !dryRun)
    // A dry run makes no file: an empty store stands for it.
    if dryRun, case .sqlite(let path) = url, !path.exists { url = .memory }
    return try StoreOptions.open(url, allowsSharing: store.allowSharedFile, log.logger(isQuiet: true))
  }

  private func runForeign() throws {
    let logger = log.logger(isQuiet: true)
    let work = try foreign.work(from: from, skipsBad: skipBad, isDry: dryRun, logger)
    var store: (any MessageStore)?
    let problems: Int
    do {
      // A store that can't be used is told before anything is read; a file is made once there is something for it.
      let options = self.store
      if case .sqlite(let path) = try options.url(makesFolder: false), !path.exists, !dryRun {
        (problems, store) = try work.run { try options.open(logger) }
      } else {
        let opened = try opened()
        (problems, store) = try work.run { opened }
      }
    } catch let failure as SourceFailure {
      throw CommandError(ForeignOptions.isDatabase(from) ? .unavailable : .badData, failure.description)
    } catch let failure as SpillFailure {
      throw CommandError(.cannotCreate, failure.description)
    } catch is Restorer.Refused {
      throw CommandError(
        .badData,
        "the store has other messages or marks: nothing more was imported; --skip-bad leaves such inboxes out"
      )
    } catch {
      throw CommandError(any: error)
    }
    if let store { try wait { try await store.close() } }
    if problems > 0, !skipBad { throw ExitCode(ExitStatus.badData.rawValue) }
  }
}
