/// A message as a store holds it, decoded as far as that goes.
public struct StoredMessage: Hashable, Sendable {
  /// The number; 0 or less if it has no possible one.
  public var seq: Int
  /// The time; nil if it has no possible one.
  public var time: Timestamp?
  /// Whether it has a token.
  public var hasToken: Bool
  /// The body.
  public var body: MessageBody
  /// Whether the message itself says that it was retracted; nil where a store keeps that in the record only.
  public var isCleared: Bool?
  /// The key.
  public var key: Text?
  /// The key's digest.
  public var digest: [UInt8]?
  /// What could not be read: the rest of the value is what is left of it.
  public var flaws: [FaultKind]

  /// Creates a message.
  public init(
    seq: Int, time: Timestamp?, hasToken: Bool = true, body: MessageBody, isCleared: Bool? = nil,
    key: Text? = nil, digest: [UInt8]? = nil, flaws: [FaultKind] = []
  ) {
    (self.seq, self.time, self.hasToken, self.body) = (seq, time, hasToken, body)
    (self.isCleared, self.key, self.digest, self.flaws) = (isCleared, key, digest, flaws)
  }

  /// The empty message that takes the place of one that is missing.
  public static func placeholder(_ seq: Int, at time: Timestamp) -> StoredMessage {
    StoredMessage(seq: seq, time: time, body: MessageBody(type: MessageBody.unknownType))
  }
}

extension MessageBody {
  /// The type of a message whose own is not known any more.
  static let unknownType: Text = "unknown"
}

extension StoredMessage {
  /// Mends what is wrong with the message by itself; returns what that was. `record` is its log's.
  mutating func mend(_ record: LogRecord, _ judge: MessageJudge) -> [FaultKind] {
    var faults = flaws
    if !hasToken {
      faults.append(.token)
      hasToken = true
    }
    let isRetracted = record.retracted.contains(seq)
    if isRetracted, isCleared == false || body != body.cleared {
      faults.append(.retractedBody)
      body.clear()
    } else if !isRetracted, isCleared == true {
      faults.append(.retractionLost)
      body.clear()
    }
    isCleared = isCleared.map { $0 || isRetracted }
    faults += body.mend(judge)
    faults += mendKey(isCleared: isRetracted || isCleared == true, isWhole: faults.isEmpty, judge)
    flaws = []
    return faults
  }

  private mutating func mendKey(isCleared: Bool, isWhole: Bool, _ judge: MessageJudge) -> [FaultKind] {
    var faults: [FaultKind] = []
    if flaws.contains(.key) {
      (key, digest) = (nil, nil)
    } else if let key, !StoreBounds.identifier.contains(key.utf8Count) {
      faults.append(.key)
      (self.key, digest) = (nil, nil)
    }
    guard key != nil else {
      if digest != nil { faults.append(.digestStray) }
      digest = nil
      return faults
    }
    if digest?.count != StoreBounds.digestLength {
      faults.append(.digestLength)
    } else if isWhole, !isCleared, digest != judge.digest(body) {
      faults.append(.digest)
    }
    // What was cleared can't be digested any more: its digest stays, if there is one. That of a message that had to be
    // mended is made anew.
    if !faults.isEmpty || !isWhole && !isCleared { digest = judge.digest(body) }
    return faults
  }
}

extension LogEntry {
  /// What a verification would find wrong with the message by itself, if a store held it.
  public func faults(_ judge: MessageJudge) -> [FaultKind] {
    var record = LogRecord()
    if isRetracted { _ = record.retract(message.seq) }
    var stored = StoredMessage(
      seq: message.seq, time: message.time, body: message.body, isCleared: isRetracted, key: key,
      digest: digest.isEmpty ? nil : digest)
    return stored.mend(record, judge)
  }
}

extension MessageBody {
  /// Brings every field within the bounds of a store; returns what was wrong.
  fileprivate mutating func mend(_ judge: MessageJudge) -> [FaultKind] {
    var faults: [FaultKind] = []
    if type.utf8Count == 0 {
      faults.append(.identifier)
      type = Self.unknownType
    }
    if sender?.utf8Count == 0 || receiver?.utf8Count == 0 {
      faults.append(.identifier)
      if sender?.utf8Count == 0 { sender = nil }
      if receiver?.utf8Count == 0 { receiver = nil }
    }
    let identifier = StoreBounds.identifier.upperBound
    if type.utf8Count > identifier || sender?.utf8Count ?? 0 > identifier
      || receiver?.utf8Count ?? 0 > identifier
    {
      faults.append(.identifier)
      type = Text(type.string.cut(identifier))
      sender = sender.map { Text($0.string.cut(identifier)) }
      receiver = receiver.map { Text($0.string.cut(identifier)) }
    }
    if username?.utf8.count ?? 0 > StoreBounds.longestName
      || teamName?.utf8.count ?? 0 > StoreBounds.longestName
      || content?.utf8.count ?? 0 > StoreBounds.longestText
    {
      faults.append(.length)
      username = username?.cut(StoreBounds.longestName)
      teamName = teamName?.cut(StoreBounds.longestName)
      content = content?.cut(StoreBounds.longestText)
    }
    if let data, data.utf8.count > StoreBounds.longestText || !judge.isData(data) {
      faults.append(.data)
      self.data = nil
    }
    return faults
  }
}

extension String {
  /// The beginning of the text, of at most so many bytes; no character is cut.
  fileprivate func cut(_ limit: Int) -> String {
    guard utf8.count > limit else { return self }
    var size = 0
    return String(
      decoding: prefix {
        size += $0.utf8.count
        return size <= limit
      }.utf8, as: UTF8.self)
  }
}
