extension SequenceSet: CustomStringConvertible {
  /// The ranges as text, ascending: `1:500,502:1000`; a single number has no colon, and the empty set is "".
  public var description: String {
    var text: [UInt8] = []
    for span in spans {
      if !text.isEmpty { text.append(UInt8(ascii: ",")) }
      text.append(contentsOf: String(span.first).utf8)
      if span.last > span.first {
        text.append(UInt8(ascii: ":"))
        text.append(contentsOf: String(span.last).utf8)
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Parses exactly the texts that `description` returns; nil for any other text.
  ///
  /// Refused are spaces, signs, leading zeros, 0, numbers above `Int.max`, ranges that are out of order,
  /// overlap or touch, and a range written `5:5`.
  public init?(text: String) {
    var text = text
    guard let storage = text.withUTF8({ Self.parse($0) }) else { return nil }
    self.storage = storage
  }

  private static func parse(_ text: UnsafeBufferPointer<UInt8>) -> Storage? {
    guard !text.isEmpty else { return Storage.empty }
    var builder = SpanBuilder()
    var position = 0
    var last = -1
    while true {
      guard let first = parseNumber(text, &position), first - 1 > last else { return nil }
      last = first
      if position < text.count, text[position] == UInt8(ascii: ":") {
        position += 1
        guard let end = parseNumber(text, &position), end > first else { return nil }
        last = end
      }
      builder.append(Span(first: first, last: last))
      if position == text.count { return builder.finish() }
      guard text[position] == UInt8(ascii: ",") else { return nil }
      position += 1
    }
  }

  /// Reads the number at `position`, which moves past it; nil if there is no valid number.
  private static func parseNumber(_ text: UnsafeBufferPointer<UInt8>, _ position: inout Int) -> Int? {
    var value = 0
    let start = position
    while position < text.count, case let digit = text[position] &- UInt8(ascii: "0"), digit <= 9 {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(Int(digit))
      if overflow || carry || (digit == 0 && position == start) { return nil }
      value = sum
      position += 1
    }
    return position > start ? value : nil
  }
}
