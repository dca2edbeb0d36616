extension JSONWriter {
  /// Writes an integer.
  public mutating func integer(_ value: Int) {
    integer(Int64(value))
  }

  /// Writes an integer.
  public mutating func integer(_ value: Int64) {
    appendValue(atMost: Self.longestInteger) { target in Self.write(value, at: target) }
  }

  /// The length of -9223372036854775808.
  static var longestInteger: Int { 20 }

  /// Writes an integer's sign and digits, and returns the number of bytes.
  @inline(__always)
  static func write(_ value: Int64, at target: UnsafeMutablePointer<UInt8>) -> Int {
    let magnitude = value.magnitude
    let count = decimalDigits(magnitude)
    guard value < 0 else {
      writeDigits(magnitude, count: count, at: target)
      return count
    }
    target[0] = ASCII.minus
    writeDigits(magnitude, count: count, at: target + 1)
    return count &+ 1
  }

  /// Writes an integer of any type and size.
  public mutating func integer(_ value: some BinaryInteger) {
    if let small = Int64(exactly: value) {
      integer(small)
    } else {
      value.description.withBytes { number($0) }
    }
  }

  /// Writes a number with the fewest digits that read back as the same number. It must be finite.
  public mutating func double(_ value: Double) {
    precondition(value.isFinite, "JSON has no infinities and no NaN")
    // Swift's description of a finite number, like -0.0, 100.0, 5e-324 and 1e+20, is a valid JSON number.
    value.description.withBytes { number($0) }
  }

  private mutating func number(_ digits: UnsafeBufferPointer<UInt8>) {
    appendValue(atMost: digits.count) { target in
      guard let source = digits.baseAddress else { return 0 }
      copy(source, to: target, count: digits.count)
      return digits.count
    }
  }
}

/// The number of a value's decimal digits.
@inline(__always)
private func decimalDigits(_ value: UInt64) -> Int {
  var count = 1
  var rest = value
  while rest >= 10_000 {
    rest /= 10_000
    count &+= 4
  }
  return rest < 10 ? count : rest < 100 ? count &+ 1 : rest < 1000 ? count &+ 2 : count &+ 3
}

/// Writes the last `count` decimal digits of a value.
@inline(__always)
func writeDigits(_ value: UInt64, count: Int, at target: UnsafeMutablePointer<UInt8>) {
  var rest = value
  var at = count
  while at > 0 {
    at &-= 1
    let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
    target[at] = ASCII.zero &+ UInt8(truncatingIfNeeded: digit)
    rest = quotient
  }
}
