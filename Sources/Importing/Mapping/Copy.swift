import Inbox

/// One reader's copy of a message, as a document of a source has it.
public struct Copy: Hashable, Sendable {
  /// What the reader did with the message.
  public struct Flags: OptionSet, Hashable, Sendable {
    /// The flags as bits.
    public let rawValue: UInt8
    /// The flags with these bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Read.
    public static let read = Flags(rawValue: 1)
    /// Seen.
    public static let seen = Flags(rawValue: 2)
    /// Archived.
    public static let archived = Flags(rawValue: 4)
    /// Deleted by the reader.
    public static let deleted = Flags(rawValue: 8)
  }

  /// The team; nil for a copy in an account inbox.
  public var team: Text?
  /// The reader.
  public var reader: Text
  /// The time of the message.
  public var time: Timestamp
  /// Bytes that order copies of the same time and tell them apart.
  public var identity: [UInt8]
  /// What the reader did.
  public var flags: Flags
  /// The message.
  public var body: MessageBody
}
