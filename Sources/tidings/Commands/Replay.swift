import API
import ArgumentParser
import JSON
import JSONRPC
import SQLiteStore
import Transcript

/// Plays a recorded conversation and compares the answers.
struct Replay: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Play a recording (or a transcript) to a fresh program, and compare the answers.",
    discussion: """
      tidings --record talk.jsonl        # records; what messages say is left out
      tidings replay talk.jsonl          # says what comes out otherwise

      Exit status: 0 if every answer was as recorded, 1 if not, 65 if the file is no transcript, 66 if it \
      can't be read.
      """)

  @Argument(help: ArgumentHelp("What `--record` wrote, or a file of Schemas/transcripts.", valueName: "file"))
  var file: String

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The store to play it on, as it was when recording began. TIDINGS_STORE is not looked at: requests are "
        + "carried out.",
      valueName: "url"))
  var store = "memory:"

  @OptionGroup var log: LogOptions
  @OptionGroup(title: "What the host may ask") var scope: ScopeOptions
  @OptionGroup(title: "Limits") var limits: LimitOptions

  func run() throws {
    let steps = try steps()
    var logger = log.logger()
    // What is found is said on stdout.
    if log.logLevel == .info { logger.logLevel = .warning }
    let store = try StoreOptions.open(StoreOptions.parse(store, from: "--store"), logger)
    var playback = try PipedServer(
      TidingsService(store: store, limits: limits.limits, scope: scope.scope), limits: limits.limits,
      logger: logger)
    var differences = 0
    var failure: Failure?
    var replayer = Replayer { difference in
      differences += 1
      do throws(Failure) {
        try StandardOutput.write(line: difference)
      } catch {
        failure = error
      }
    }
    replayer.play(steps, to: &playback)
    if let failure { throw failure }
    try wait { try await store.close() }
    let verdict = differences == 0 ? "all as recorded" : "\(differences) differences"
    try StandardOutput.write(line: "\(replayer.compared) answers: \(verdict)")
    if differences > 0 { throw ExitCode(ExitStatus.differs.rawValue) }
  }

  private func steps() throws -> [(line: Int, step: Step)] {
    let data = try content()
    var steps: [(Int, Step)] = []
    for (index, line) in data.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
      do {
        // A step holds a message, which may be as deep as is ever taken.
        guard let step = Step(try JSON(parsing: Array(line), maximumDepth: 1_002)) else {
          throw Failure(.badData, "\(file), line \(index + 1): no step of a transcript")
        }
        steps.append((index + 1, step))
      } catch let error as JSONError {
        // The last line of a recording whose program was killed may be cut short.
        guard index > 0, data.last != 0x0A, line.endIndex == data.endIndex else {
          throw Failure(.badData, "\(file), line \(index + 1): \(error)")
        }
      }
    }
    return steps
  }
}

extension Replay {
  private func content() throws(Failure) -> [UInt8] {
    do {
      let descriptor = try Descriptor.reading(FilePath(bytes: file.systemBytes))
      defer { descriptor.close() }
      return try descriptor.readToEnd()
    } catch {
      throw Failure(.notFound, "\(file) can't be read: \(error)")
    }
  }
}
