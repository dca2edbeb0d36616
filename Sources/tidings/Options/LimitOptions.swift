import ArgumentParser
import JSONRPC

/// The options for the limits of a connection.
struct LimitOptions: ParsableArguments {
  @Option(name: .long, help: "The largest request, in bytes.")
  var maxRequestBytes = Limits().requestBytes

  @Option(name: .long, help: "The largest answer, in bytes.")
  var maxAnswerBytes = Limits().answerBytes

  @Option(name: .long, help: "Requests accepted and not answered; at this number reading stops.")
  var maxInFlight = Limits().inFlight

  @Option(
    name: .long, help: "Answers that are made or not read by the host, in bytes; at this size reading stops.")
  var maxOutputBytes = Limits().outputBytes

  @Option(name: .long, help: "Requests in one batch.")
  var maxBatch = Limits().batchItems

  @Option(name: .long, help: "Nested arrays and objects in one request.")
  var maxDepth = Limits().depth

  @Option(name: .long, help: "Requests that wait for something to happen.")
  var maxWaiting = Limits().waiting

  /// The limits that the options set.
  var limits: Limits {
    var limits = Limits()
    limits.requestBytes = maxRequestBytes
    limits.answerBytes = maxAnswerBytes
    limits.inFlight = maxInFlight
    limits.outputBytes = maxOutputBytes
    limits.batchItems = maxBatch
    limits.depth = maxDepth
    limits.waiting = maxWaiting
    return limits
  }

  /// The largest value of an option in bytes: a JSON text must be smaller than 2 GiB.
  private static let largest = 1 << 30

  func validate() throws {
    for (name, value) in [
      ("max-request-bytes", maxRequestBytes), ("max-answer-bytes", maxAnswerBytes),
      ("max-in-flight", maxInFlight), ("max-output-bytes", maxOutputBytes), ("max-batch", maxBatch),
      ("max-depth", maxDepth), ("max-waiting", maxWaiting),
    ] where !(1...Self.largest).contains(value) {
      throw ValidationError("--\(name) must be from 1 to \(Self.largest)")
    }
    guard maxDepth <= 1000 else { throw ValidationError("--max-depth must be at most 1000") }
  }
}
