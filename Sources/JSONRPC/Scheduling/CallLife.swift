/// The life of one call, as a value: each event moves it on and returns what is to be done.
///
/// A call is queued, runs, and is answered. In between it may wait for something to happen; a queued call that
/// is cancelled is answered without having run. It is answered once, whatever comes when.
struct CallLife: Hashable, Sendable {
  private(set) var phase = Phase.queued
  private(set) var cancelReason = CancelReason.none

  enum Phase: Hashable, Sendable, CaseIterable {
    /// The call is accepted. Its turn has not come, or it has come and the call has not started.
    case queued
    case running
    /// The call is no longer counted or ordered, and waits for something to happen.
    case waiting
    case answered
  }

  /// What follows from an event.
  struct Actions: OptionSet, Hashable, Sendable {
    let rawValue: UInt16

    static let run = Self(rawValue: 1 << 0)
    /// Send the answer, and forget the call.
    static let answer = Self(rawValue: 1 << 1)
    /// Count the call no longer among the active ones, and let the calls behind it start.
    static let leaveActive = Self(rawValue: 1 << 2)
    static let joinWaiting = Self(rawValue: 1 << 3)
    static let leaveWaiting = Self(rawValue: 1 << 4)
    static let refuseWaiting = Self(rawValue: 1 << 5)
    /// End the call's wait, because the server stops reading.
    static let endWaiting = Self(rawValue: 1 << 6)
    static let cancelTask = Self(rawValue: 1 << 7)
    static let cancelTimer = Self(rawValue: 1 << 8)
    /// End the sleep of a call that waits.
    static let wake = Self(rawValue: 1 << 9)
    static let runCancelHandlers = Self(rawValue: 1 << 10)
    static let runAnswerHandlers = Self(rawValue: 1 << 11)
    /// Keep what was made for the call: it is needed later.
    static let keep = Self(rawValue: 1 << 12)
  }

  /// Its turn has come.
  mutating func start() -> Actions {
    // A call that was cancelled meanwhile is already answered.
    guard phase == .queued else { return [] }
    phase = .running
    return .run
  }

  /// It has a result or an error.
  mutating func finish() -> Actions {
    let counted: Actions
    switch phase {
    case .queued, .running: counted = .leaveActive
    case .waiting: counted = .leaveWaiting
    case .answered: return []
    }
    phase = .answered
    return [.answer, counted, .cancelTimer, .runAnswerHandlers]
  }

  /// It is to end early. A call that has not started is answered now; a running one answers by itself.
  mutating func cancel(_ reason: CancelReason) -> Actions {
    guard phase != .answered, cancelReason == .none else { return [] }
    cancelReason = reason
    return phase == .queued ? finish() : [.cancelTask, .wake, .runCancelHandlers]
  }

  /// From now on it only waits for something to happen.
  mutating func startWaiting(hasRoom: Bool, serverEnds: Bool) -> Actions {
    // A call that already waits, or that was answered, changes no count.
    guard phase == .running else { return [] }
    guard hasRoom else { return .refuseWaiting }
    phase = .waiting
    var actions: Actions = [.leaveActive, .joinWaiting]
    if serverEnds { actions.insert(.endWaiting) }
    // The call was cancelled before there was anything to wake: its first sleep ends at once.
    if cancelReason != .none { actions.insert(.wake) }
    return actions
  }

  // MARK: What was made for the call

  /// Its task or its work in a queue has begun, and may have ended.
  func taskBegan() -> Actions {
    if phase == .answered { return [] }
    return cancelReason == .none ? .keep : [.keep, .cancelTask]
  }

  /// Its timer is set.
  func timerBegan() -> Actions { phase == .answered ? .cancelTimer : .keep }

  /// It has something to do when it is cancelled.
  func onCancel() -> Actions {
    if cancelReason != .none { return .runCancelHandlers }
    return phase == .answered ? [] : .keep
  }

  /// It has something to do after its answer.
  func afterAnswer() -> Actions { phase == .answered ? .runAnswerHandlers : .keep }

  /// It sleeps until there is room for its answer.
  func awaitRoom() -> Actions { cancelReason == .none ? [] : .wake }

  var isAnswered: Bool { phase == .answered }

  /// Whether the call may be given the room for which it waits.
  var mayHaveRoom: Bool { phase != .answered && cancelReason == .none }
}
