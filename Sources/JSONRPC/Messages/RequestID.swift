import JSON

/// A request's id: a string or an integer literal. Two ids are equal if they are the same value of the same
/// type (1 is not "1"; "\u0031" is "1"). The bytes of the literal are kept, and are echoed exactly.
struct RequestID: Sendable {
  /// The literal as it was sent; empty in the placeholder of a notification.
  let raw: ArraySlice<UInt8>
  private let value: Value

  private enum Value: Hashable {
    case integer(Int64)
    /// The digits of an integer that does not fit 64 bits.
    case digits(ArraySlice<UInt8>)
    case text(ArraySlice<UInt8>)
    /// A notification, which only the table of calls can name.
    case notification(UInt64)
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
      guard json.isInteger, json.raw.count <= Self.longest else { return nil }
      raw = json.keepsake
      value = json.integer.map(Value.integer) ?? .digits(raw)
    case .string:
      guard json.raw.count <= Self.longest else { return nil }
      raw = json.keepsake
      let inner = raw.dropFirst().dropLast()
      if inner.contains(UInt8(ascii: "\\")) {
        value = .text(json.withUTF8 { ArraySlice($0) } ?? inner)
      } else {
        value = .text(inner)
      }
    default: return nil
    }
  }

  /// Creates a placeholder for a notification, which has no id, in the table of calls.
  init(notification serial: UInt64) {
    raw = []
    value = .notification(serial)
  }

  /// Whether this is the placeholder of a notification, which is never answered.
  var isNotification: Bool { raw.isEmpty }
}

extension RequestID: Hashable {
  static func == (a: RequestID, b: RequestID) -> Bool { a.value == b.value }

  func hash(into hasher: inout Hasher) {
    switch value {
    case .integer(let number): hasher.combine(number)
    case .digits(let bytes), .text(let bytes):
      bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    case .notification(let serial): hasher.combine(serial)
    }
  }
}
