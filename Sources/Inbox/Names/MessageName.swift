/// The name of a message: a log and a number in it. A `nid` encodes it reversibly, so marking a message needs
/// no look-up.
public struct MessageName: Hashable, Sendable {
  /// The log that holds the message.
  public var log: LogName
  /// The message's number in its log, from 1.
  public var seq: Int

  /// The name of message `seq` in `log`.
  public init(log: LogName, seq: Int) {
    self.log = log
    self.seq = seq
  }

  /// Parses a `nid`: `<base64url of the log's encoded name>.<number>`. Nil for a text that names no message,
  /// and for any other spelling of a name.
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
      // The text names no message: the caller says so and names the parameter.
      return nil
    }
  }

  /// The name as clients see it, where it is opaque.
  public var nid: String { Self.prefix(of: log) + String(seq) }

  /// The prefix of every `nid` of a log: a page computes it once for all its messages.
  public static func prefix(of log: LogName) -> String {
    Base64URL.encode(log.encoded) + "."
  }
}
