import JSON

/// A request's id: a string or an integer literal. Two ids are equal if they are the same value of the same
/// type (1 is not "1"; "\u0031" is "1"). The bytes of the literal are kept, and are echoed exactly.
struct RequestID: Sendable {
  /// The literal as it was sent; empty in the placeholder of a notification.
  let raw: ArraySlice<UInt8>
  private let kind: Kind
  /// The value of an integer that fits 64 bits, or the number of a notification.
  private let number: Int64
  /// The bytes of a string that was sent with escapes.
  private let unescaped: [UInt8]?

  private enum Kind: UInt8 {
    case integer
    /// An integer that does not fit 64 bits.
    case digits
    case text
    /// A notification, which only the table of calls can name.
    case notification
  }

  /// The length of the longest id, in bytes as sent: a call keeps its id until it is answered.
  static let longest = 1_024

  /// The rule for ids, for people.
  static let rule = "an id is a string or an integer of at most \(longest) bytes"

  /// Creates an id; nil if the value can't be one: null, a boolean, an array, an object, a number with a
  /// fraction or an exponent, or a literal that is too long.
  init?(_ json: JSON) {
    switch json.kind {
    case .number:
      guard json.isInteger else { return nil }
      raw = json.keepsake
      guard raw.count <= Self.longest else { return nil }
      let integer = json.integer
      kind = integer == nil ? .digits : .integer
      number = integer ?? 0
      unescaped = nil
    case .string:
      guard json.raw.count <= Self.longest else { return nil }
      raw = json.keepsake
      kind = .text
      number = 0
      unescaped = raw.contains(UInt8(ascii: "\\")) ? json.withUTF8 { Array($0) } : nil
    default: return nil
    }
  }

  /// Creates a placeholder for a notification, which has no id, in the table of calls.
  init(notification serial: UInt64) {
    raw = []
    kind = .notification
    number = Int64(bitPattern: serial)
    unescaped = nil
  }

  /// Whether this is the placeholder of a notification, which is never answered.
  var isNotification: Bool { raw.isEmpty }
}

extension RequestID: Hashable {
  /// The bytes that tell ids of one kind and number apart.
  private var text: ArraySlice<UInt8> {
    switch kind {
    case .integer, .notification: []
    case .digits: raw
    case .text: unescaped.map { $0[...] } ?? raw.dropFirst().dropLast()
    }
  }

  static func == (a: RequestID, b: RequestID) -> Bool {
    guard a.kind == b.kind, a.number == b.number else { return false }
    return a.kind == .integer || a.text == b.text
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(number)
    if kind == .digits || kind == .text { text.withUnsafeBytes { hasher.combine(bytes: $0) } }
  }
}
