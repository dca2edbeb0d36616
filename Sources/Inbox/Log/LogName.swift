/// The name of a log: an append-only sequence of messages numbered 1, 2, 3, ... without gaps.
public enum LogName: Hashable, Sendable {
  /// The shared log of a team: every member sees it.
  case team(Text)
  /// The own log of a reader in a team: only that reader sees it.
  case member(team: Text, user: Text)
  /// The shared log of all accounts: announcements.
  case everyone
  /// The own log of an account: only that user sees it.
  case account(Text)
}

extension LogName {
  /// The name as bytes, for keys in a store: a byte for the kind, then each identifier preceded by its
  /// length. Injective, whatever characters the identifiers contain.
  public var encoded: [UInt8] {
    var writer = ByteWriter(reservingCapacity: 32)
    writer.writeByte(kind.rawValue)
    for identifier in identifiers { writer.writeBytes(identifier.string.utf8) }
    return writer.bytes
  }

  /// Decodes the bytes of `encoded`; throws `DecodingFailure` for bytes that `encoded` never returns.
  public init(encoded bytes: [UInt8]) throws(DecodingFailure) {
    var reader = ByteReader(bytes)
    let kind = Kind(rawValue: try reader.readByte())
    switch kind {
    case .team: self = .team(try reader.readIdentifier())
    case .member: self = .member(team: try reader.readIdentifier(), user: try reader.readIdentifier())
    case .everyone: self = .everyone
    case .account: self = .account(try reader.readIdentifier())
    case nil: throw DecodingFailure(offset: 0, reason: "no such kind of log")
    }
    try reader.expectEnd()
  }

  private enum Kind: UInt8 {
    case team = 1
    case member = 2
    case everyone = 3
    case account = 4
  }

  private var kind: Kind {
    switch self {
    case .team: .team
    case .member: .member
    case .everyone: .everyone
    case .account: .account
    }
  }

  private var identifiers: [Text] {
    switch self {
    case .team(let team): [team]
    case .member(let team, let user): [team, user]
    case .everyone: []
    case .account(let user): [user]
    }
  }
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

  /// Reads the byte that tells the format of the rest.
  mutating func expectByte(_ expected: UInt8) throws(DecodingFailure) {
    let start = offset
    guard try readByte() == expected else {
      throw DecodingFailure(offset: start, reason: "no known format")
    }
  }
}
