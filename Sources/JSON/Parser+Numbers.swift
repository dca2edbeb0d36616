extension Parser {
  /// Parses the number whose sign or first digit is at `position`.
  mutating func parseNumber() throws(JSONError) {
    let start = position
    if text[position] == ASCII.minus { position &+= 1 }
    guard position < end else { throw unexpectedEnd }
    if text[position] == ASCII.zero {
      position &+= 1
      if position < end, text[position].isDigit { throw invalidNumber }
    } else {
      try parseDigits()
    }
    var isInteger = true
    if position < end, text[position] == ASCII.dot {
      isInteger = false
      position &+= 1
      try parseDigits()
    }
    // Setting bit 5 turns E into e.
    if position < end, text[position] | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      position &+= 1
      if position < end, text[position] == ASCII.plus || text[position] == ASCII.minus { position &+= 1 }
      let exponent = position
      try parseDigits()
      if position &- exponent > 2 { hasUnusualNumber = true }
    }
    if position &- start > JSON.mostUsualDigits { hasUnusualNumber = true }
    append(Entry(start: start, end: position, flag: isInteger))
  }

  /// Parses one or more digits.
  @inline(__always)
  private mutating func parseDigits() throws(JSONError) {
    guard position < end else { throw unexpectedEnd }
    guard text[position].isDigit else { throw invalidNumber }
    repeat { position &+= 1 } while position < end && text[position].isDigit
  }

  private var invalidNumber: JSONError { JSONError(offset: position, reason: .invalidNumber) }
}
