/// A message on its way into one or many logs.
public struct Draft: Hashable, Sendable {
  /// What is sent.
  public var body: MessageBody
  /// Makes the append unique in each log, for its sender: a retry finds the first message instead of appending.
  public var key: Text?
  /// SHA-256 of what was sent; the same key with another digest is a conflict.
  public var digest: [UInt8]

  /// A draft; `digest` matters only with a key.
  public init(body: MessageBody, key: Text? = nil, digest: [UInt8] = []) {
    self.body = body
    self.key = key
    self.digest = digest
  }
}

/// A key as a log knows it: each sender has keys of its own, and so has the host, which sends without one.
/// What others used is neither told nor taken.
public struct SenderKey: Hashable, Sendable {
  /// Whose it is; nil for the host's own.
  public var sender: Text?
  /// The key.
  public var key: Text

  /// A sender's key.
  public init(sender: Text?, key: Text) {
    self.sender = sender
    self.key = key
  }
}

extension Draft {
  /// About how many bytes it takes in each log.
  public var storedSize: Int { body.size + (key?.string.utf8.count ?? 0) + 256 }

  /// The key as its sender's.
  public var senderKey: SenderKey? { key.map { SenderKey(sender: body.sender, key: $0) } }
}

/// What became of a draft in one log.
public struct Receipt: Hashable, Sendable {
  /// The message's number.
  public var seq: Int
  /// The message's time.
  public var time: Timestamp
  /// True if the log held a message with this key already: then nothing was appended.
  public var duplicate: Bool

  /// A receipt.
  public init(seq: Int, time: Timestamp, duplicate: Bool) {
    self.seq = seq
    self.time = time
    self.duplicate = duplicate
  }
}
