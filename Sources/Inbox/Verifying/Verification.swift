/// A store that can say of itself whether it is sound.
public protocol ExaminedStore: MessageStore {
  /// Examines the store: whether it is sound, and whether it works as it should. Changes nothing that it holds.
  func checkup(_ judge: MessageJudge) async throws -> [Finding]

  /// Reads everything and checks every invariant; with `repairs`, mends what can be mended. Each look and each change
  /// is atomic: programs that use the store go on meanwhile.
  func verify(_ verification: Verification) async throws -> Verdict
}

/// What the layers above a store know of messages, and a store does not.
public struct MessageJudge: Sendable {
  /// The digest of a message, which its key stands for.
  public var digest: @Sendable (MessageBody) -> [UInt8]
  /// Whether a message's data is what a message may have: one JSON object.
  public var isData: @Sendable (String) -> Bool

  /// Creates a judge.
  public init(
    digest: @escaping @Sendable (MessageBody) -> [UInt8], isData: @escaping @Sendable (String) -> Bool
  ) {
    (self.digest, self.isData) = (digest, isData)
  }
}

/// How a store is to be verified.
public struct Verification: Sendable {
  /// The judge of digests and data.
  public var judge: MessageJudge
  /// Whether faults are mended where they are found.
  public var repairs: Bool
  /// The number of places that are named for each kind of faults.
  public var named: Int
  /// The time at which the reading ends, whether or not all was read; nil for all.
  public var end: ContinuousClock.Instant?
  /// The number of steps that counting one by one may take: a step is one message for one reader.
  public var steps: Int
  /// Called now and then with the number of messages read so far, from any thread.
  public var progress: (@Sendable (Int) -> Void)?

  /// Creates a verification, by default of everything.
  public init(
    _ judge: MessageJudge, repairs: Bool = false, named: Int = 20, end: ContinuousClock.Instant? = nil,
    steps: Int = 1 << 30, progress: (@Sendable (Int) -> Void)? = nil
  ) {
    (self.judge, self.repairs, self.named) = (judge, repairs, named)
    (self.end, self.steps, self.progress) = (end, steps, progress)
  }

  /// Whether the time is over.
  public var isOver: Bool { end.map { .now >= $0 } ?? false }
}

/// What a verification found.
public struct Verdict: Hashable, Sendable {
  /// The faults; of a repair each says whether it was mended.
  public var faults: FaultTally
  /// The number of logs that were read.
  public var logs = 0
  /// The number of messages that were read.
  public var messages = 0
  /// The number of inboxes whose marks were read.
  public var inboxes = 0
  /// The number of inboxes whose messages were counted one by one.
  public var recounted = 0
  /// Whether everything was read that the store holds.
  public var isComplete = true

  /// Creates an empty verdict.
  public init(named: Int) { faults = FaultTally(named: named) }
}
