/// A message at its place in a log. Immutable once appended, except that it can be retracted.
public struct Message: Hashable, Sendable {
  /// The message's number in its log, from 1.
  public var seq: Int
  /// The time of the append; never earlier than that of the message before it.
  public var time: Timestamp
  /// A random number that the store makes when the message is appended. It is not part of the content: equal
  /// messages may have different tokens.
  public var token: UInt64
  /// The message's content.
  public var body: MessageBody

  /// Creates a message at a place.
  public init(seq: Int, time: Timestamp, token: UInt64 = 0, body: MessageBody) {
    self.seq = seq
    self.time = time
    self.token = token
    self.body = body
  }

  /// Whether both messages have the same content at the same place.
  public static func == (a: Message, b: Message) -> Bool {
    a.seq == b.seq && a.time == b.time && a.body == b.body
  }

  /// Hashes the properties that `==` compares.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(seq)
    hasher.combine(time)
    hasher.combine(body)
  }
}
