/// A message that a listing can put in its place, in whatever form.
public protocol Listed: Sendable {
  /// The message's number in its log.
  var seq: Int { get }
  /// The time of the append.
  var time: Timestamp { get }
}

extension Message: Listed {}

/// A message in the form in which hosts get it. A message never changes, so these bytes are the same for every
/// reader and for ever; what differs between readers is written behind them.
public struct WrittenMessage: Listed, Hashable {
  /// The message's number in its log.
  public var seq: Int
  /// The time of the append.
  public var time: Timestamp
  /// The bytes.
  public var bytes: [UInt8]

  /// Creates the written form of a message.
  public init(seq: Int, time: Timestamp, bytes: [UInt8]) {
    self.seq = seq
    self.time = time
    self.bytes = bytes
  }
}
