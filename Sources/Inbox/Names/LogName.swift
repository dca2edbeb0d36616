/// The name of a log: an append-only sequence of messages numbered 1, 2, 3, ... without gaps.
///
/// A name is its bytes, which are made once: stores compare, hash and bind nothing else. They are a byte for the
/// kind, then each identifier preceded by its length: injective, whatever characters the identifiers contain.
public struct LogName: Sendable {
  /// The bytes, for keys in a store.
  public let encoded: [UInt8]

  /// The kind of a log with the identifiers that name it.
  public enum Kind: Hashable, Sendable {
    /// The shared log of a team: every member sees it.
    case team(Text)
    /// The own log of a reader in a team: only that reader sees it.
    case member(team: Text, user: Text)
    /// The shared log of all accounts: announcements.
    case everyone
    /// The own log of an account: only that user sees it.
    case account(Text)
  }

  /// The shared log of a team.
  public static func team(_ team: Text) -> LogName { LogName(.team, team) }
  /// The own log of a reader in a team.
  public static func member(team: Text, user: Text) -> LogName { LogName(.member, team, user) }
  /// The shared log of all accounts.
  public static let everyone = LogName(encoded: [Tag.everyone.rawValue], ())
  /// The own log of an account.
  public static func account(_ user: Text) -> LogName { LogName(.account, user) }

  private enum Tag: UInt8 {
    case team = 1
    case member = 2
    case everyone = 3
    case account = 4
  }

  private init(_ tag: Tag, _ first: Text, _ second: Text? = nil) {
    // The largest length takes two bytes.
    var writer = ByteWriter(
      reservingCapacity: 1 + first.utf8Count + 2 + (second.map { $0.utf8Count + 2 } ?? 0))
    writer.writeByte(tag.rawValue)
    writer.writeBytes(first.string.utf8)
    if let second { writer.writeBytes(second.string.utf8) }
    encoded = writer.bytes
  }

  private init(encoded: [UInt8], _: Void) { self.encoded = encoded }
}

extension LogName {
  /// The name with these bytes; throws `DecodingFailure` for bytes that `encoded` never returns.
  public init(encoded bytes: [UInt8]) throws(DecodingFailure) {
    _ = try Self.kind(of: bytes)
    encoded = bytes
  }

  /// A number that stands for the name where a hint is enough: the same in every process and version. Another name may
  /// have the same one.
  public var fingerprint: UInt64 { Self.fingerprint(of: encoded) }

  /// The fingerprint of the name with these bytes, which are not looked at otherwise.
  public static func fingerprint(of encoded: some Sequence<UInt8>) -> UInt64 { encoded.fingerprint }

  /// The kind of the log and its identifiers. They are read from the bytes, so this is for code that runs
  /// seldom.
  public var kind: Kind {
    do throws(DecodingFailure) {
      return try Self.kind(of: encoded)
    } catch {
      preconditionFailure("each initialiser makes the bytes or checks them: \(error)")
    }
  }

  private static func kind(of bytes: [UInt8]) throws(DecodingFailure) -> Kind {
    var reader = ByteReader(bytes)
    let kind: Kind
    switch Tag(rawValue: try reader.readByte()) {
    case .team: kind = .team(try reader.readIdentifier())
    case .member: kind = .member(team: try reader.readIdentifier(), user: try reader.readIdentifier())
    case .everyone: kind = .everyone
    case .account: kind = .account(try reader.readIdentifier())
    case nil: throw DecodingFailure(offset: 0, reason: "no such kind of log")
    }
    try reader.expectEnd()
    return kind
  }
}

extension LogName: Hashable {
  /// Hashes the bytes, all at once: an array would hash them one by one.
  public func hash(into hasher: inout Hasher) {
    encoded.withUnsafeBytes { hasher.combine(bytes: $0) }
  }
}

extension LogName: Comparable {
  /// The order of a store's listing: the shorter name first, then by bytes, as MongoDB orders binary data.
  public static func < (a: LogName, b: LogName) -> Bool {
    a.encoded.count == b.encoded.count
      ? a.encoded.lexicographicallyPrecedes(b.encoded) : a.encoded.count < b.encoded.count
  }
}

extension LogName: CustomStringConvertible {
  /// The kind and the identifiers.
  public var description: String { "\(kind)" }
}

extension ByteReader {
  fileprivate mutating func readIdentifier() throws(DecodingFailure) -> Text {
    let start = offset
    let bytes = try readBytes()
    guard !bytes.isEmpty, let text = bytes.withUnsafeBufferPointer({ Text(utf8: $0) }) else {
      throw DecodingFailure(offset: start, reason: "no identifier")
    }
    return text
  }
}
