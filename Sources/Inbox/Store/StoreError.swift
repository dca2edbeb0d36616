/// Why a store could not do what was asked. Texts never hold users' data or credentials.
public enum StoreError: Error, Hashable, Sendable {
  /// The message does not exist.
  case notFound
  /// A log holds the draft's key, of the same sender, with another digest.
  case conflict(LogName)
  /// A record would outgrow what a store keeps; nothing was changed.
  case limitReached(String)
  /// Nothing was changed; the same call may succeed later.
  case unavailable(String)
  /// It could not be confirmed whether the change was made; repeating it settles that.
  case outcomeUnknown(String)
  /// Some of many logs have the message, those with a receipt; repeating it with its key completes it.
  case interrupted(String, done: [Receipt?])
  /// What the store holds is not what Tidings writes.
  case damaged(String)
}

extension StoreError {
  /// What came in the middle of an append to many logs.
  public static func interrupted(_ error: StoreError, _ done: [Receipt?]) -> StoreError {
    let why =
      switch error {
      case .notFound: "there is no such message"
      case .conflict: "the key was used meanwhile to send something else"
      case .limitReached(let what), .damaged(let what): what
      case .unavailable(let why), .outcomeUnknown(let why), .interrupted(let why, _): why
      }
    return .interrupted(
      "\(done.count { $0 != nil }) of \(done.count) readers have the message: \(why)", done: done)
  }

  /// The marks have grown past `Marks.maximumSize`.
  public static let marksTooLarge = StoreError.limitReached("marks of more than 4 MiB")
  /// A log's record has grown past `LogRecord.maximumSize`.
  public static let recordTooLarge = StoreError.limitReached("retractions of more than 4 MiB in one log")
}
