import Inbox
import Mongo

/// The plan of a group of appends: which message gets which number, which messages are known to be written, and
/// what has to be done next. A value: the code that carries it out asks for the next action and reports what came
/// of it.
struct AppendPlan {
  /// The next thing to do.
  enum Action: Equatable {
    /// Look for those who hold these keys; then `found(_:)`.
    case findHolders(Keys)
    /// Read the last messages of logs; then `setHead` for each.
    case readHeads([LogName])
    /// Insert these messages, in order; then `inserted`.
    case insert([Int])
    /// Look whose messages have these numbers; then `found(_:of:isLate:)`.
    case readSlots(LogName, ClosedRange<Int>)
    /// Take a lease of a log: the process farther from the primary would lose every race for the next number.
    case takeLease(LogName)
    /// Wait a moment; then `paused`.
    case pause
    /// Make sure, before any caller is told, that the messages can be found again, that each number is used once
    /// and that these messages, which new ones were put behind, are there; then `confirmed` or `notConfirmed`.
    case confirm([BSONObjectID])
    /// Take back messages that can't be acknowledged.
    case withdraw(Withdrawal, [LogName: [Written]])
    /// Tell the callers.
    case finish([Result<[Receipt], StoreError>])
  }

  /// Which of the new messages are taken back.
  enum Withdrawal {
    /// Those in collections that nobody has prepared, and in logs that lack what would come before them.
    case strays
    case all
    /// Those with a number that another message had before.
    case doubled
  }

  /// A message that was newly written.
  struct Written: Equatable {
    var seq: Int
    var token: Token
  }

  /// What became of an insert, which stops at the first message that is refused.
  enum Insertion {
    case written
    /// Any part may be there, or come.
    case unknown
    /// The messages before this one are written, and it is not.
    case stopped(at: Int, Refusal)
    /// Nothing was sent, or all of it was refused; it may succeed later.
    case failed(StoreError)
  }

  enum Refusal {
    /// Another message holds the key.
    case key
    /// Another message has the number.
    case number
    /// The server refuses the message.
    case message(StoreError)
    /// It may succeed later.
    case passing(StoreError)
    /// The collection is another one.
    case replaced
  }

  /// A sender's key in a log.
  struct KeyPlace: Hashable {
    var log: LogName
    var key: SenderKey
  }

  /// One message in one log.
  struct Item {
    var call: Int
    var log: LogName
    var token: Token
    var state = State.unplaced
    /// The token of the message that it was put behind.
    var previous: BSONObjectID?
    /// Whether an attempt to write it has an unknown outcome: it may be there, or come.
    var maySurface = false

    /// Whether the message was newly written rather than found.
    var isNew: Bool { if case .done(let receipt) = state { !receipt.duplicate } else { false } }
    var isUnplaced: Bool { if case .unplaced = state { true } else { false } }
    var isDone: Bool { if case .done = state { true } else { false } }
    var isSettled: Bool {
      switch state {
      case .unplaced, .placed: false
      case .done, .failed: true
      }
    }
  }

  enum State {
    case unplaced
    case placed(Head)
    case done(Receipt)
    case failed(StoreError)
  }

  /// The result for one log of a call.
  enum Part {
    case receipt(Receipt)
    case item(Int)
    /// The message has the same key as an earlier one in this group.
    case sameAs(Int)
  }

  /// The most messages and bytes in one insert.
  static let messagesTogether = 1000
  static let bytesTogether = 8 << 20
  /// The number of lost races for a log's next number after which a lease is taken.
  private static let racesBeforeLease = 2

  let calls: [Append]
  /// Those who held the keys before anything was numbered; nil until that is known.
  private var holders: [KeyPlace: Holder]?
  private var startFailure: StoreError?
  private var isBegun = false
  var parts: [[Part]] = []
  var conflicts: [Int: LogName] = [:]
  var items: [Item] = []
  var byLog: [LogName: [Int]] = [:]
  /// The last number of each log after which messages may be placed.
  var heads: [LogName: Head] = [:]

  /// The error if no time is left after the next pause.
  private var pausing: StoreError?
  /// The message that was refused because of its key.
  private var refusedKey: Int?
  /// The messages of the last insert.
  private var chunk: [Int] = []
  /// Logs whose numbers have to be looked at, and whether a pause follows: the numbers may still be free.
  private var unsure: [LogName] = []
  private var pausesAfterLook = false
  private var lostRaces: [LogName: Int] = [:]
  private var leasesWanted: [LogName] = []
  private var isConfirmed = false
  private var withdrawal: Withdrawal?

  init(_ calls: [Append]) {
    self.calls = calls
    if keys.isEmpty { holders = [:] }
  }

  /// Returns the next action. `now` is called when messages get their time.
  mutating func next(_ now: () throws(StoreError) -> Timestamp) throws(StoreError) -> Action {
    if let startFailure { return .finish(calls.map { _ in .failure(startFailure) }) }
    guard let holders else { return .findHolders(keys) }
    if !isBegun {
      begin(holders, at: try now())
      isBegun = true
    }
    if pausing != nil { return .pause }
    if refusedKey != nil { return .findHolders(keys) }
    while let log = unsure.last {
      if let range = placedRange(of: log) { return .readSlots(log, range) }
      unsure.removeLast()
    }
    if let log = leasesWanted.popLast() { return .takeLease(log) }
    if pausesAfterLook, !isSettled {
      pausing = .notConfirmed
      return .pause
    }
    if !isSettled {
      let unknown = logsWithoutHead
      guard unknown.isEmpty else { return .readHeads(unknown) }
      place(at: try now())
      chunk = nextChunk()
      if !chunk.isEmpty { return .insert(chunk) }
    }
    if let withdrawal {
      defer { unconfirm() }
      self.withdrawal = nil
      return .withdraw(withdrawal, newMessages)
    }
    if !isConfirmed, items.contains(where: \.isNew) { return .confirm(tokensBefore) }
    return .finish(results)
  }
}

// What came of an action.
extension AppendPlan {
  /// Notes that an action failed: nothing was done.
  mutating func failed(_ error: StoreError) {
    guard isBegun else {
      startFailure = error
      return
    }
    (refusedKey, unsure, pausesAfterLook) = (nil, [], false)
    // Messages that may surface are worth more attempts; of the others nothing was written.
    if items.contains(where: { $0.maySurface && !$0.isSettled }) { pausing = error } else { giveUp(error) }
  }

  /// Notes the holders of the keys. Those of a message that the server has refused are there for good.
  mutating func found(_ holders: [KeyPlace: Holder]) {
    guard let refused = refusedKey else {
      self.holders = holders
      return
    }
    refusedKey = nil
    if let place = keyPlace(of: refused), holders[place] == nil {
      pausing = .unavailable("a key is held by a message that could not be read")
    }
    held(by: holders, refused: refused)
  }

  /// Sets the last message of a log, as a majority has it.
  mutating func setHead(_ head: Head, of log: LogName) { heads[log] = head }

  mutating func inserted(_ insertion: Insertion) {
    switch insertion {
    case .written: written(chunk)
    case .unknown:
      for index in chunk { items[index].maySurface = true }
      look(at: Array(Set(chunk.map { items[$0].log })), pauses: true)
    case .failed(let error): failed(error)
    case .stopped(let offset, let refusal):
      written(chunk[..<offset])
      let index = chunk[offset]
      switch refusal {
      case .key where keyPlace(of: index) != nil: refusedKey = index
      case .key, .number: look(at: [items[index].log], pauses: false)
      case .message(let error): refuse(index, error)
      case .passing(let error): failed(error)
      case .replaced: giveUp(.replaced)
      }
    }
  }

  private mutating func look(at logs: [LogName], pauses: Bool) { (unsure, pausesAfterLook) = (logs, pauses) }

  /// Notes whose tokens a log has at the numbers that were looked at. `isLate` means that no time is left.
  mutating func found(_ tokens: [Int: BSONObjectID], of log: LogName, isLate: Bool) {
    unsure.removeAll { $0 == log }
    guard settle(log, tokens) else { return }
    lostRaces[log, default: 0] += 1
    if lostRaces[log, default: 0] >= Self.racesBeforeLease { leasesWanted.append(log) }
    if isLate { giveUp(.unavailable("other writers took every number of a log for too long")) }
  }

  /// Notes the end of a pause; `isLate` means that no time is left.
  mutating func paused(isLate: Bool) {
    if isLate, let pausing {
      if isSettled { unconfirm() } else { giveUp(pausing) }
    }
    (pausing, pausesAfterLook) = (nil, false)
  }

  mutating func confirmed() { isConfirmed = true }

  /// Notes that the new messages could not be confirmed.
  mutating func notConfirmed(_ error: StoreError, mayPass: Bool) {
    if mayPass {
      pausing = error
      return
    }
    switch error {
    case .replaced: withdrawal = .strays
    case .shortened: withdrawal = .all
    default: withdrawal = .doubled
    }
  }
}
