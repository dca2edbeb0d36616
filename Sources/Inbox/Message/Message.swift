/// A message at its place in a log. Immutable once appended, apart from being retracted.
public struct Message: Hashable, Sendable {
  /// Its number in its log, from 1.
  public var seq: Int
  /// When it was appended; never earlier than the message before it.
  public var time: Timestamp
  /// Random, as its store made it when it was appended. No part of what a message says:
  /// equal messages may have different ones.
  public var token: UInt64
  /// What was sent.
  public var body: MessageBody

  /// A message at a place.
  public init(seq: Int, time: Timestamp, token: UInt64 = 0, body: MessageBody) {
    self.seq = seq
    self.time = time
    self.token = token
    self.body = body
  }

  /// Whether both say the same at the same place.
  public static func == (a: Message, b: Message) -> Bool {
    a.seq == b.seq && a.time == b.time && a.body == b.body
  }

  /// Takes in what `==` compares.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(seq)
    hasher.combine(time)
    hasher.combine(body)
  }
}
