import Testing

@testable import JSONRPC

/// The life of a call: every event at every moment.
struct CallLifeTests {
  private typealias Actions = CallLife.Actions

  enum Event: Hashable, Sendable, CaseIterable {
    case start, finish, cancel, passDeadline, wait, waitBesideTooMany, waitAtTheEnd
    case taskBegan, timerBegan, onCancel, afterAnswer, awaitRoom
  }

  /// A life up to the event of a row.
  enum Past: Hashable, Sendable, CaseIterable {
    case queued, running, waiting, answered
    case runningCancelled, waitingCancelled, answeredWhileQueued
  }

  private static func life(_ past: Past) -> CallLife {
    var life = CallLife()
    if past == .queued { return life }
    if past != .answeredWhileQueued { _ = life.start() }
    if past == .waiting || past == .waitingCancelled {
      _ = life.startWaiting(hasRoom: true, serverEnds: false)
    }
    if past == .answered { _ = life.finish() }
    if [.runningCancelled, .waitingCancelled, .answeredWhileQueued].contains(past) {
      _ = life.cancel(.cancelled)
    }
    return life
  }

  private static func send(_ event: Event, to life: inout CallLife) -> CallLife.Actions {
    switch event {
    case .start: life.start()
    case .finish: life.finish()
    case .cancel: life.cancel(.cancelled)
    case .passDeadline: life.cancel(.deadline)
    case .wait: life.startWaiting(hasRoom: true, serverEnds: false)
    case .waitBesideTooMany: life.startWaiting(hasRoom: false, serverEnds: false)
    case .waitAtTheEnd: life.startWaiting(hasRoom: true, serverEnds: true)
    case .taskBegan: life.taskBegan()
    case .timerBegan: life.timerBegan()
    case .onCancel: life.onCancel()
    case .afterAnswer: life.afterAnswer()
    case .awaitRoom: life.awaitRoom()
    }
  }

  private static let answer: Actions = [.answer, .leaveActive, .cancelTimer, .runAnswerHandlers]
  private static let answerOfWaiting: Actions = [.answer, .leaveWaiting, .cancelTimer, .runAnswerHandlers]
  private static let end: Actions = [.cancelTask, .wake, .runCancelHandlers]
  private static let wait: Actions = [.leaveActive, .joinWaiting]

  /// What follows, and the phase and the reason afterwards. An event that is not in a row has no effect.
  private static let table: [Past: [Event: (Actions, CallLife.Phase, CancelReason)]] = [
    .queued: [
      .start: (.run, .running, .none),
      .cancel: (answer, .answered, .cancelled),
      .passDeadline: (answer, .answered, .deadline),
      .finish: (answer, .answered, .none),
      .taskBegan: (.keep, .queued, .none), .timerBegan: (.keep, .queued, .none),
      .onCancel: (.keep, .queued, .none), .afterAnswer: (.keep, .queued, .none),
    ],
    .running: [
      .finish: (answer, .answered, .none),
      .cancel: (end, .running, .cancelled),
      .passDeadline: (end, .running, .deadline),
      .wait: (wait, .waiting, .none),
      .waitAtTheEnd: (wait.union(.endWaiting), .waiting, .none),
      .waitBesideTooMany: (.refuseWaiting, .running, .none),
      .taskBegan: (.keep, .running, .none), .timerBegan: (.keep, .running, .none),
      .onCancel: (.keep, .running, .none), .afterAnswer: (.keep, .running, .none),
    ],
    .waiting: [
      .finish: (answerOfWaiting, .answered, .none),
      .cancel: (end, .waiting, .cancelled),
      .passDeadline: (end, .waiting, .deadline),
      .taskBegan: (.keep, .waiting, .none), .timerBegan: (.keep, .waiting, .none),
      .onCancel: (.keep, .waiting, .none), .afterAnswer: (.keep, .waiting, .none),
    ],
    .answered: [
      .timerBegan: (.cancelTimer, .answered, .none),
      .afterAnswer: (.runAnswerHandlers, .answered, .none),
    ],
    .runningCancelled: [
      .finish: (answer, .answered, .cancelled),
      .wait: (wait.union(.wake), .waiting, .cancelled),
      .waitAtTheEnd: (wait.union([.wake, .endWaiting]), .waiting, .cancelled),
      .waitBesideTooMany: (.refuseWaiting, .running, .cancelled),
      .taskBegan: ([.keep, .cancelTask], .running, .cancelled),
      .timerBegan: (.keep, .running, .cancelled),
      .onCancel: (.runCancelHandlers, .running, .cancelled),
      .afterAnswer: (.keep, .running, .cancelled),
      .awaitRoom: (.wake, .running, .cancelled),
    ],
    .waitingCancelled: [
      .finish: (answerOfWaiting, .answered, .cancelled),
      .taskBegan: ([.keep, .cancelTask], .waiting, .cancelled),
      .timerBegan: (.keep, .waiting, .cancelled),
      .onCancel: (.runCancelHandlers, .waiting, .cancelled),
      .afterAnswer: (.keep, .waiting, .cancelled),
      .awaitRoom: (.wake, .waiting, .cancelled),
    ],
    .answeredWhileQueued: [
      .timerBegan: (.cancelTimer, .answered, .cancelled),
      .onCancel: (.runCancelHandlers, .answered, .cancelled),
      .afterAnswer: (.runAnswerHandlers, .answered, .cancelled),
      .awaitRoom: (.wake, .answered, .cancelled),
    ],
  ]

  @Test(arguments: Past.allCases, Event.allCases) func everyEventAtEveryMoment(_ past: Past, _ event: Event) {
    let before = Self.life(past)
    let (actions, phase, reason) = Self.table[past]?[event] ?? ([], before.phase, before.cancelReason)
    var life = before
    #expect(Self.send(event, to: &life) == actions)
    #expect(life.phase == phase)
    #expect(life.cancelReason == reason)
    #expect(life.mayHaveRoom == (phase != .answered && reason == .none))
  }

  /// Whatever happens in whatever order, a call is answered once, is counted once, and is cancelled once.
  @Test func noOrderOfEventsDoesAnythingTwice() {
    var paths: [(life: CallLife, done: [Actions])] = [(CallLife(), [])]
    let once: [Actions] = [.run, .answer, .leaveActive, .cancelTask, .joinWaiting, .leaveWaiting]
    for _ in 0..<5 {
      paths = paths.flatMap { path in
        Event.allCases.prefix(7).map { event in
          var life = path.life
          let actions = Self.send(event, to: &life)
          return (life, path.done + [actions])
        }
      }
      for (life, done) in paths {
        for action in once {
          #expect(done.count { $0.contains(action) } <= 1)
        }
        #expect(life.isAnswered == done.contains { $0.contains(.answer) })
      }
    }
  }
}
