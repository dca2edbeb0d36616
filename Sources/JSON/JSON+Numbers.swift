extension JSON {
  /// The value of a number that has neither a fraction nor an exponent and fits; nil otherwise.
  public var integer: Int64? {
    guard isInteger else { return nil }
    return withRaw { digits in
      let isNegative = digits[0] == ASCII.minus
      var value: Int64 = 0
      for digit in digits.dropFirst(isNegative ? 1 : 0) {
        // Counting downwards, the smallest integer is reached too.
        let (product, overflow) = value.multipliedReportingOverflow(by: 10)
        let (difference, overflow2) = product.subtractingReportingOverflow(Int64(digit.digit))
        if overflow || overflow2 { return nil }
        value = difference
      }
      if isNegative { return value }
      return value == .min ? nil : -value
    }
  }

  /// The finite double nearest to a number; nil if it is beyond them all, or no number.
  public var double: Double? {
    guard kind == .number else { return nil }
    // JSON's numbers are a part of what Swift reads.
    guard let value = withRaw({ Double(String(decoding: $0, as: UTF8.self)) }), value.isFinite else {
      return nil
    }
    return value
  }

  /// Whether the value is a number, of any size, with neither a fraction nor an exponent.
  public var isInteger: Bool {
    let entry = document[index]
    return !entry.isContainer && entry.flag && firstByte != ASCII.quote
  }

  /// Calls `body` with the value's bytes; not for arrays and objects.
  @inline(__always)
  func withRaw<R>(_ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R {
    let entry = document[index]
    // The parser put the value's offsets into the entry.
    return try document.withText { text in
      try body(UnsafeBufferPointer(start: text + entry.start, count: entry.end &- entry.start))
    }
  }
}
