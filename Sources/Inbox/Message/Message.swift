/// A message at its place in a log. Immutable once appended, apart from being retracted.
public struct Message: Hashable, Sendable {
  /// Its number in its log, from 1.
  public var seq: Int
  /// When it was appended; never earlier than the message before it.
  public var time: Timestamp
  /// What was sent.
  public var body: MessageBody

  /// A message at a place.
  public init(seq: Int, time: Timestamp, body: MessageBody) {
    self.seq = seq
    self.time = time
    self.body = body
  }
}
