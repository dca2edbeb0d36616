/// The reason why something can't be restored into a log or an inbox.
public struct Unfit: Hashable, Sendable, CustomStringConvertible {
  /// The reason.
  public enum Reason: Hashable, Sendable {
    /// The message with this number does not follow the one before it, or the log's last one.
    case number(Int)
    /// The log holds another message with this number.
    case taken(Int)
    /// The message with this number is earlier than the one before it.
    case time(Int)
    /// Another message of this sender has the key of the message with this number.
    case key(Int)
    /// The message with this number is none: a sentence says why.
    case message(Int, String)
    /// The record names messages that the log does not have, or lacks retractions that it has.
    case record
    /// The inbox has other marks.
    case otherMarks
    /// The marks name messages that the logs do not have.
    case marks
  }

  /// The log; for marks the reader's own.
  public var log: LogName
  /// The reason.
  public var reason: Reason

  /// Creates a reason.
  public init(_ log: LogName, _ reason: Reason) {
    self.log = log
    self.reason = reason
  }

  /// The reason as a sentence, without the names of the log.
  public var description: String {
    switch reason {
    case .number(let seq): "message \(seq) does not follow the message before it"
    case .taken(let seq): "the log has another message \(seq)"
    case .time(let seq): "message \(seq) is earlier than the message before it"
    case .key(let seq): "another message has the key of message \(seq)"
    case .message(let seq, let why): "message \(seq) can't be kept: \(why)"
    case .record: "the log's retractions are not those of its messages"
    case .otherMarks: "the reader has other marks"
    case .marks: "the marks are of messages that the logs do not have"
    }
  }
}
