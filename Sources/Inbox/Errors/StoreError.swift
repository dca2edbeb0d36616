/// The reason why a store could not do what was asked. Texts never contain users' data or credentials.
public enum StoreError: Error, Hashable, Sendable {
  /// The message does not exist.
  case notFound
  /// A log holds the draft's key, of the same sender, with another digest.
  case conflict(LogName)
  /// Something to be restored does not fit what the store holds. See ``MessageStore/restore(_:)``.
  case unfit(Unfit)
  /// A record would become larger than a store accepts; nothing was changed.
  case limitReached(String)
  /// Nothing was changed; the same call may succeed later.
  case unavailable(String)
  /// The outcome of the change could not be confirmed; repeating the call settles it.
  case outcomeUnknown(String)
  /// Some of many logs have the message, those with a receipt; repeating the call with its key completes it.
  case interrupted(String, done: [Receipt?])
  /// The store holds something that Tidings doesn't write.
  case damaged(String)
}

extension StoreError {
  /// The error for an append to many logs that failed after some of them.
  public static func interrupted(_ error: StoreError, _ done: [Receipt?]) -> StoreError {
    let why =
      switch error {
      case .notFound: "there is no such message"
      case .conflict: "the key was used meanwhile to send something else"
      case .unfit(let unfit): unfit.description
      case .limitReached(let what), .damaged(let what): what
      case .unavailable(let why), .outcomeUnknown(let why), .interrupted(let why, _): why
      }
    return .interrupted(
      "\(done.count { $0 != nil }) of \(done.count) readers have the message: \(why)", done: done)
  }

  /// The error for something in a store that can't be read; `what` names it.
  public static func unreadable(_ what: String, _ why: any Error) -> StoreError {
    .damaged(why is NewerVersion ? "\(what): \(why)" : "\(what) can't be read: \(why)")
  }

  /// Whether the store holds something that a newer version of Tidings wrote.
  public var isOfNewerVersion: Bool {
    if case .damaged(let what) = self { what.hasSuffix(NewerVersion().description) } else { false }
  }

  /// The caller's deadline has passed.
  public static let deadlinePassed = StoreError.unavailable("the call's deadline has passed")
  /// The marks have grown past `Marks.maximumSize`.
  public static let marksTooLarge = StoreError.limitReached("marks of more than 4 MiB")
  /// A log's record has grown past `LogRecord.maximumSize`.
  public static let recordTooLarge = StoreError.limitReached("retractions of more than 4 MiB in one log")
}
