import API
import ArgumentParser
import JSONRPC

/// The options for the limits of a connection.
struct LimitOptions: ParsableArguments {
  @Option(name: .long, help: "Maximum size of a request, in bytes.")
  var maxRequestBytes = Limits().requestBytes

  @Option(name: .long, help: "Maximum size of an answer, in bytes.")
  var maxAnswerBytes = Limits().answerBytes

  @Option(name: .long, help: "Maximum number of requests in flight; at this number reading pauses.")
  var maxInFlight = Limits().inFlight

  @Option(
    name: .long,
    help: "Maximum size of answers being made or not read by the host, in bytes; at this size reading pauses."
  )
  var maxOutputBytes = Limits().outputBytes

  @Option(name: .long, help: "Maximum number of requests in a batch.")
  var maxBatch = Limits().batchItems

  @Option(name: .long, help: "Maximum depth of nested arrays and objects in a request.")
  var maxDepth = Limits().depth

  @Option(name: .long, help: "Maximum number of requests that wait for something to happen.")
  var maxWaiting = Limits().waiting

  @Option(name: .long, help: "Maximum number of subscriptions and of calls that wait for changes.")
  var maxSubscriptions = FollowingLimits().subscriptions

  @Option(name: .long, help: "Maximum number of inboxes that these follow together.")
  var maxInboxes = FollowingLimits().inboxes

  @Option(
    name: .long, help: "Maximum size of messages kept in memory as they are sent, in bytes; 0 keeps none.")
  var cacheBytes = TidingsService.cacheBytes

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

  /// The limits that the options set for subscriptions.
  var following: FollowingLimits {
    var limits = FollowingLimits()
    limits.subscriptions = maxSubscriptions
    limits.inboxes = maxInboxes
    return limits
  }

  /// The largest value of an option in bytes: a JSON text must be smaller than 2 GiB.
  private static let largest = 1 << 30

  func validate() throws {
    for (name, value) in [
      ("max-request-bytes", maxRequestBytes), ("max-answer-bytes", maxAnswerBytes),
      ("max-in-flight", maxInFlight), ("max-output-bytes", maxOutputBytes), ("max-batch", maxBatch),
      ("max-depth", maxDepth), ("max-waiting", maxWaiting),
      ("max-subscriptions", maxSubscriptions), ("max-inboxes", maxInboxes),
    ] where !(1...Self.largest).contains(value) {
      throw ValidationError("--\(name) must be from 1 to \(Self.largest)")
    }
    guard (0...Self.largest).contains(cacheBytes) else {
      throw ValidationError("--cache-bytes must be from 0 to \(Self.largest)")
    }
    guard maxDepth <= 1000 else { throw ValidationError("--max-depth must be at most 1000") }
  }
}
