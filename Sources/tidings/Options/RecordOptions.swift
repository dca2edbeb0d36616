import API
import ArgumentParser
import Logging

/// The options for recording the conversation.
struct RecordOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Write the conversation to this file, for `tidings replay`; what messages say is left out.",
      discussion: """
        If there is such a file already, it is left alone and the name gets a number. What can't be made, or is a \
        device, a pipe or a folder, ends the start with status 73.
        """,
      valueName: "file"))
  var record: String?

  @Flag(name: .long, help: "Record what messages say as well: content, data and names.")
  var recordContent = false

  func validate() throws {
    if recordContent, record == nil { throw ValidationError("--record-content needs --record FILE") }
  }

  /// Starts the recording that the options ask for; nil if they ask for none.
  func start(store: String, depth: Int, _ logger: Logger) throws -> Recording? {
    guard let record else { return nil }
    let recording = try Recording(path: record, keepsContent: recordContent, depth: depth, logger: logger)
    recording.comment("tidings \(tidingsVersion), \(store)")
    logger.notice(
      "the conversation is recorded",
      metadata: ["path": "\(recording.path)", "content": "\(recordContent ? "kept" : "left out")"])
    return recording
  }
}
