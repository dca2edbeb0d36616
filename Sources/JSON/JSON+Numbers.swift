extension JSON {
  /// The value of a number that has neither a fraction nor an exponent and fits 64 bits; nil otherwise.
  public var integer: Int64? {
    guard isInteger else { return nil }
    return withRaw { digits in
      let isNegative = digits[0] == ASCII.minus
      var value: Int64 = 0
      for digit in digits.dropFirst(isNegative ? 1 : 0) {
        // Counting downwards also reaches the smallest integer.
        let (product, overflow) = value.multipliedReportingOverflow(by: 10)
        let (difference, overflow2) = product.subtractingReportingOverflow(Int64(digit.digit))
        if overflow || overflow2 { return nil }
        value = difference
      }
      if isNegative { return value }
      return value == .min ? nil : -value
    }
  }

  /// The finite double nearest to a number; nil if the number is beyond all of them, or the value is not a
  /// number.
  public var double: Double? {
    guard kind == .number else { return nil }
    // Every number of JSON is one that Swift reads.
    guard let value = withRaw({ Double(String(decoding: $0, as: UTF8.self)) }), value.isFinite else {
      return nil
    }
    return value
  }

  /// A number of at most this many bytes whose exponent has at most two digits needs no second check.
  static let mostUsualDigits = 300

  /// The JSON Pointer, from this value, of the first number in it that has more than `digits` digits when it
  /// is written out without its exponent: some readers of JSON can't hold such a number, and refuse the whole
  /// text. Nil if there is none; for an ordinary text this takes no search.
  public func unfitNumber(digits: Int) -> String? {
    guard document.hasUnusualNumber else { return nil }
    return unfitNumber(at: "", digits)
  }

  // The depth that the parser allowed bounds the recursion.
  private func unfitNumber(at place: String, _ digits: Int) -> String? {
    switch kind {
    case .number:
      return hasAtMost(digits) ? nil : place
    case .array:
      for (index, element) in elements.enumerated() {
        if let found = element.unfitNumber(at: "\(place)/\(index)", digits) { return found }
      }
    case .object:
      for (key, value) in members {
        let token = JSON.pointerToken(key.string ?? "")
        if let found = value.unfitNumber(at: "\(place)/\(token)", digits) { return found }
      }
    case .null, .bool, .string: break
    }
    return nil
  }

  /// Whether a number has at most `digits` digits, including the zeros of its exponent.
  private func hasAtMost(_ digits: Int) -> Bool {
    let parts = raw.split(maxSplits: 1) { $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E") }
    let sides = parts[0].split(separator: ASCII.dot).map { $0.count { $0.isDigit } }
    let (whole, fraction) = (sides[0], sides.count > 1 ? sides[1] : 0)
    guard whole + fraction <= digits else { return false }
    guard parts.count == 2 else { return true }
    let isNegative = parts[1].first == ASCII.minus
    let power = parts[1].drop { $0 == ASCII.minus || $0 == ASCII.plus }
    guard let size = Int(String(decoding: power, as: UTF8.self)), size <= Self.largestPower else {
      return false
    }
    // Zero stays zero, whatever the exponent.
    guard parts[0].contains(where: { $0.isDigit && $0 != UInt8(ascii: "0") }) else { return true }
    // The point moves: one digit stands before it at least.
    let shift = isNegative ? -size : size
    return max(whole + shift, 1) + max(fraction - shift, 0) <= digits
  }

  /// The largest exponent that may stand at a zero: readers that keep decimal digits have limits of their own.
  private static let largestPower = 1_000_000

  /// A key as a reference token of a JSON Pointer (RFC 6901 section 3).
  public static func pointerToken(_ name: String) -> String {
    var token = ""
    for scalar in name.unicodeScalars {
      switch scalar {
      case "~": token += "~0"
      case "/": token += "~1"
      default: token.unicodeScalars.append(scalar)
      }
    }
    return token
  }

  /// Whether the value is a number, of any size, with neither a fraction nor an exponent.
  public var isInteger: Bool {
    let entry = document[index]
    return !entry.isContainer && entry.flag && firstByte != ASCII.quote
  }

  /// Calls `body` with the value's bytes. Not for arrays and objects.
  @inline(__always)
  func withRaw<R>(_ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R {
    let entry = document[index]
    // The offsets in the entry come from the parser.
    return try document.withText { text in
      try body(UnsafeBufferPointer(start: text + entry.start, count: entry.end &- entry.start))
    }
  }
}
