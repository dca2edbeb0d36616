import API
import ArgumentParser
import Inbox
import JSON
import JSONRPC

/// Calls one method and prints its result.
struct CallCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "call",
    abstract: "Call one method and print its result.",
    discussion: """
      tidings call send_team_message '{"team_id":"blue","user_id":"ada","message_type":"note"}'
      echo '{"user_id":"bo"}' | tidings call get_account_message -

      Exit status: 64 bad parameters, 65 conflict, 66 not found, 69 store unavailable, 70 internal error, \
      71 too few threads or descriptors, 75 try again, 77 forbidden, 78 MongoDB's URI, credentials or permissions are wrong.
      """)

  @OptionGroup var store: StoreOptions
  @OptionGroup var log: LogOptions
  @OptionGroup(title: "Scope") var scope: ScopeOptions

  @Argument(help: "The method's name; `tidings schema` lists the methods.")
  var method: String

  @Argument(help: "The parameters, a JSON object; - reads them from stdin.")
  var params: String?

  func run() throws {
    let params = try parameters()
    let request = JSONWriter.request(method, params?.raw)
    let logger = log.logger(isQuiet: true)
    let store = try store.open(logger)
    var host = try InProcessHost(
      TidingsService(store: store, scope: scope.scope), limits: Limits(), logger: logger)
    host.send(request)
    // The answer has an id; what tells of progress has none. Input ends after it: the end of input ends a wait.
    var answer: JSON?
    while answer?["id"] == nil, let line = host.receive() {
      // Every character that a terminal might obey is an escape.
      answer = try JSON(parsing: line.without(.terminal))
    }
    _ = host.finish(endingInput: true)
    try wait { try await store.close() }
    if let result = answer?["result"] {
      let text = Descriptor.standardOutput.isTerminal ? result.prettyPrinted() : Array(result.raw)
      try StandardOutput.write(text + [UInt8(ascii: "\n")])
    } else {
      throw CommandError(answer: answer)
    }
  }

  private func parameters() throws -> JSON? {
    let text: [UInt8]
    switch params {
    case nil: return nil
    case "-":
      text = try input()
      if text.allSatisfy({ [0x20, 0x09, 0x0A, 0x0D].contains($0) }) { return nil }
    case let given?: text = given.systemBytes
    }
    do {
      return try JSON(parsing: text)
    } catch {
      throw CommandError(.badParameters, "the parameters are not JSON: \(error)")
    }
  }
}

extension CallCommand {
  private func input() throws(CommandError) -> [UInt8] {
    do {
      return try Descriptor.standardInput.readToEnd()
    } catch {
      throw CommandError(.badParameters, "the parameters can't be read: \(error)")
    }
  }
}

extension JSONWriter {
  /// A request with the id 1, on one line.
  static func request(_ method: String, _ params: ArraySlice<UInt8>?) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("jsonrpc", "2.0")
    writer.member("id", 1)
    writer.member("method", method)
    if let params {
      writer.key("params")
      // A line break can only be white space here; the request has to stay on one line.
      writer.raw(params.map { $0 == 0x0A ? 0x20 : $0 })
    }
    writer.endObject()
    return writer.take()
  }
}

extension CommandError {
  /// Creates the failure for an answer with an error: its message and its exit status.
  init(answer: JSON?) {
    let error = answer?["error"]
    let kind = error?["data"]?["kind"]?.string ?? "internal"
    let pointer = error?["data"]?["details"]?["pointer"]?.string.map { "\($0): " } ?? ""
    let sentence = "\(pointer)\(error?["message"]?.string ?? "no answer") (\(kind))"
    let retryable = error?["data"]?["retryable"]?.bool ?? false
    let status: ExitStatus =
      switch kind {
      case "invalid_params", "method_not_found", "invalid_request", "parse_error", "message_too_large":
        .badParameters
      case "conflict": .badData
      case "not_found": .notFound
      case "store_unavailable": .unavailable
      case "forbidden": .forbidden
      default: retryable ? .retryable : .software
      }
    self.init(status, sentence)
  }
}
