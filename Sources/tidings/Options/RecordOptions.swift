import API
import ArgumentParser
import Logging

/// The options for recording the conversation.
struct RecordOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Record the conversation to this file, for `tidings replay`, without the content of messages.",
      discussion: """
        An existing file is not changed: the new file's name gets a number. If the file can't be created, or is a \
        device, a pipe or a folder, the exit status is 73.
        """,
      valueName: "file"))
  var record: String?

  @Flag(name: .long, help: "Record the content of messages too: content, data and names.")
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
