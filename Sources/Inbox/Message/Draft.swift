/// A message that is to be appended to one or many logs.
public struct Draft: Hashable, Sendable {
  /// The message's content, without number and time.
  public var body: MessageBody
  /// The key that makes the append unique in each log for its sender: a retry finds the first message instead
  /// of appending another.
  public var key: Text?
  /// The SHA-256 digest of the message as sent; the same key with another digest is a conflict.
  public var digest: [UInt8]

  /// Creates a draft; `digest` matters only with a key.
  public init(body: MessageBody, key: Text? = nil, digest: [UInt8] = []) {
    self.body = body
    self.key = key
    self.digest = digest
  }
}

/// A key as a log stores it: each sender has separate keys, and so has the host, which sends without a
/// sender. No sender sees or uses up the keys of another.
public struct SenderKey: Hashable, Sendable {
  /// The sender; nil for the host.
  public var sender: Text?
  /// The key.
  public var key: Text

  /// Creates the key of a sender.
  public init(sender: Text?, key: Text) {
    self.sender = sender
    self.key = key
  }
}

extension Draft {
  /// The approximate number of bytes that the draft takes in each log.
  public var storedSize: Int { body.size + (key?.string.utf8.count ?? 0) + 256 }

  /// The draft's key together with its sender.
  public var senderKey: SenderKey? { key.map { SenderKey(sender: body.sender, key: $0) } }
}

/// The result of appending a draft to one log.
public struct Receipt: Hashable, Sendable {
  /// The message's number.
  public var seq: Int
  /// The message's time.
  public var time: Timestamp
  /// Whether the log already held a message with this key: then nothing was appended.
  public var duplicate: Bool

  /// Creates a receipt.
  public init(seq: Int, time: Timestamp, duplicate: Bool) {
    self.seq = seq
    self.time = time
    self.duplicate = duplicate
  }
}
