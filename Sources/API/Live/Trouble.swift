import Inbox
import JSONRPC

/// The looks that failed one after the other, and what follows from that: a value.
struct Trouble: Sendable {
  /// What a failed look says.
  enum Reason: Sendable {
    /// The store can't be read at this moment.
    case away
    /// What was read is at fault.
    case data
    /// Either may be.
    case unknown

    init(_ error: any Error) {
      switch error {
      case StoreError.unavailable, StoreError.interrupted, StoreError.outcomeUnknown, is CancellationError:
        self = .away
      case is StoreError, is RPCError: self = .data
      default: self = .unknown
      }
    }
  }

  /// What follows from a failed look.
  struct Consequence: Sendable, Equatable {
    /// The time until the next look.
    var pause: Duration
    /// Whether the trouble lasts: those who wait for an answer are to be told.
    var lasts: Bool
    /// Whether it is to be reported.
    var isNews: Bool
  }

  /// The time after which trouble lasts.
  static let patience = Duration.seconds(1)
  /// The pauses between looks while the store is away.
  static let firstPause = Duration.milliseconds(50)
  static let longestPause = Duration.seconds(1)
  /// The shortest time between two reports of what can't be read.
  static let reportPause = Duration.seconds(600)

  private var beginning: ContinuousClock.Instant?
  private var pause = firstPause
  private var isReported = false
  private var lastFault: ContinuousClock.Instant?

  /// Takes in that a look failed which began at `start`.
  mutating func failed(_ start: ContinuousClock.Instant, now: ContinuousClock.Instant) -> Consequence {
    let beginning = beginning ?? start
    let lasts = now - beginning >= Self.patience
    let consequence = Consequence(pause: pause, lasts: lasts, isNews: lasts && !isReported)
    self.beginning = beginning
    pause = min(pause * 2, Self.longestPause)
    isReported = isReported || lasts
    return consequence
  }

  /// Takes in that a look succeeded; returns whether that is to be reported.
  mutating func ended() -> Bool {
    defer { (beginning, pause, isReported) = (nil, Self.firstPause, false) }
    return isReported
  }

  /// Takes in that an inbox can't be read; returns whether that is to be reported.
  mutating func found(faultAt now: ContinuousClock.Instant) -> Bool {
    if let lastFault, now - lastFault < Self.reportPause { return false }
    lastFault = now
    return true
  }
}

extension Trouble {
  /// An error as it may be logged: one of an unknown type may quote something that a user sent.
  static func text(_ error: any Error) -> String {
    switch error {
    case let error as StoreError: RPCError(error).message
    case let error as RPCError: error.message
    default: "\(type(of: error))"
    }
  }
}
