import JSON

/// A request's id: a string or an integer literal. Two ids are equal when they are the same value of the
/// same type (1 is not "1"; "\u0031" is "1"); the bytes it came in are kept, to be echoed exactly.
struct RequestID: Sendable {
  /// The literal as it was sent; empty for a notification's place holder.
  let raw: ArraySlice<UInt8>
  private let value: Value

  private enum Value: Hashable {
    case integer(Int64)
    /// An integer that does not fit 64 bits: its digits.
    case digits(ArraySlice<UInt8>)
    case text(ArraySlice<UInt8>)
    /// A notification, which nobody can name but the table of calls.
    case notification(UInt64)
  }

  /// The longest id, in bytes as it is sent: a call keeps it until it is answered.
  static let longest = 1_024

  /// What an id is, for people.
  static let rule = "an id is a string or an integer of at most \(longest) bytes"

  /// Nil if the value is no id: null, a boolean, a fraction, an exponent, an array or an object, or too long.
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

  /// Stands for a notification, which has no id, in the table of calls.
  init(notification serial: UInt64) {
    raw = []
    value = .notification(serial)
  }

  /// Whether this stands for a notification, which is never answered.
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
