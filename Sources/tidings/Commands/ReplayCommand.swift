import API
import ArgumentParser
import JSON
import JSONRPC
import SQLiteStore
import Transcript

/// Plays a recorded conversation and compares the answers.
struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Replay a recording or a transcript, and compare the answers.",
    discussion: """
      tidings --record talk.jsonl        # records, without the content of messages
      tidings replay talk.jsonl          # prints the differences

      Exit status: 0 if every answer is as recorded, 1 if not, 65 if the file is not a transcript, 66 if it \
      can't be read.
      """)

  @Argument(
    help: ArgumentHelp("A recording made with --record, or a file of Schemas/transcripts.", valueName: "file")
  )
  var file: String

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The store to replay on, as it was when recording began. TIDINGS_STORE is ignored, because requests are "
        + "carried out.",
      valueName: "url"))
  var store = "memory:"

  @Flag(
    name: .long,
    help: "Allow a file that another user owns, or that others may read or write.")
  var allowSharedFile = false

  @OptionGroup var log: LogOptions
  @OptionGroup(title: "Scope") var scope: ScopeOptions
  @OptionGroup(title: "Limits") var limits: LimitOptions

  func run() throws {
    let steps = try steps()
    let logger = log.logger(isQuiet: true)
    let store = try StoreOptions.open(
      StoreOptions.parse(store, from: "--store"), allowsSharing: allowSharedFile, logger)
    var playback = try InProcessHost(
      TidingsService(
        store: store, limits: limits.limits, following: limits.following, scope: scope.scope,
        cacheBytes: limits.cacheBytes),
      limits: limits.limits,
      logger: logger)
    var differences = 0
    var failure: CommandError?
    var replayer = Replayer { difference in
      differences += 1
      do throws(CommandError) {
        try StandardOutput.write(line: difference.shown())
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
    var steps: [(Int, Step)] = []
    let descriptor = try opened()
    defer { descriptor.close() }
    var number = 0
    try forEachLine(of: descriptor) { line, isWhole in
      number += 1
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { return }
      do {
        // A step contains a message, so it is parsed to the greatest depth of any message.
        guard let step = Step(try JSON(parsing: line, maximumDepth: 1_002)) else {
          throw CommandError(.badData, "\(file), line \(number): not a step of a transcript")
        }
        steps.append((number, step))
      } catch let error as JSONError {
        // If the recorded program was killed, the last line may be incomplete.
        guard number > 1, !isWhole else { throw CommandError(.badData, "\(file), line \(number): \(error)") }
      }
    }
    return steps
  }
}

extension ReplayCommand {
  /// The largest line of a recording, in bytes: the largest array of answers, with every byte an escape.
  private static let longestLine = 384 << 20
  /// The largest recording that is played, in bytes, since all steps are in memory.
  private static let largestFile = 1 << 30

  private func opened() throws(CommandError) -> Descriptor {
    do {
      return try Descriptor.reading(FilePath(bytes: file.systemBytes))
    } catch {
      throw CommandError(.notFound, "\(file) can't be read: \(error)")
    }
  }

  /// Calls `body` with each line without its line end, and whether it had one. Refuses a file that never
  /// ends.
  private func forEachLine(
    of descriptor: Descriptor, _ body: (_ line: [UInt8], _ isWhole: Bool) throws -> Void
  ) throws {
    var line: [UInt8] = []
    var size = 0
    while case let chunk = try read(descriptor), !chunk.isEmpty {
      size += chunk.count
      var start = 0
      while let end = chunk[start...].firstIndex(of: 0x0A) {
        try body(line + chunk[start..<end], true)
        line = []
        start = end + 1
      }
      line += chunk[start...]
      guard line.count <= Self.longestLine, size <= Self.largestFile else {
        throw CommandError(.badData, "\(file) is larger than any recording that can be played")
      }
    }
    if !line.isEmpty { try body(line, false) }
  }

  private func read(_ descriptor: Descriptor) throws(CommandError) -> [UInt8] {
    do {
      return try descriptor.read(atMost: 256 << 10)
    } catch {
      throw CommandError(.notFound, "\(file) can't be read: \(error)")
    }
  }
}
