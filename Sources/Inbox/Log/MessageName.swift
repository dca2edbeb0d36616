/// What a `nid` says: a log and a number in it. Reversible, so marking a message needs no look-up.
public struct MessageName: Hashable, Sendable {
  /// The log that holds the message.
  public var log: LogName
  /// The message's number in its log, from 1.
  public var seq: Int

  /// Names message `seq` of `log`.
  public init(log: LogName, seq: Int) {
    self.log = log
    self.seq = seq
  }

  /// Reads a `nid`: `<base64url of the log's encoded name>.<number>`. Nil for any text that names no
  /// message, other spellings of the same name included.
  public init?(nid: String) {
    let utf8 = nid.utf8
    guard let dot = utf8.lastIndex(of: UInt8(ascii: ".")) else { return nil }
    let digits = utf8[utf8.index(after: dot)...]
    guard let first = digits.first, first != UInt8(ascii: "0"), digits.count <= 18 else { return nil }
    var seq = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      seq = seq * 10 + Int(digit - UInt8(ascii: "0"))
    }
    guard let bytes = Base64URL.decode(utf8[..<dot]) else { return nil }
    do {
      self.init(log: try LogName(encoded: bytes), seq: seq)
    } catch {
      // Any other text names no message: the caller says so and names the parameter.
      return nil
    }
  }

  /// The name as clients see it; to them it is opaque.
  public var nid: String { Self.prefix(of: log) + String(seq) }

  /// What every `nid` of a log begins with: a page makes it once for all its messages.
  public static func prefix(of log: LogName) -> String {
    Base64URL.encode(log.encoded) + "."
  }
}
