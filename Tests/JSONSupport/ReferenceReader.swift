/// A second JSON parser after RFC 8259, as simple as possible, for comparison with the first.
package struct ReferenceReader {
  package struct Refused: Error {}

  private var scalars: ArraySlice<Unicode.Scalar>
  private let maximumDepth: Int

  package static func read(_ text: [UInt8], maximumDepth: Int = 128) throws -> Value {
    guard let string = String(validating: text, as: UTF8.self) else { throw Refused() }
    var reader = ReferenceReader(scalars: Array(string.unicodeScalars)[...], maximumDepth: maximumDepth)
    let value = try reader.value(depth: 0)
    reader.skipWhiteSpace()
    guard reader.scalars.isEmpty else { throw Refused() }
    return value
  }

  private mutating func skipWhiteSpace() {
    scalars = scalars.drop { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" }
  }

  private mutating func next() throws -> Unicode.Scalar {
    guard let scalar = scalars.popFirst() else { throw Refused() }
    return scalar
  }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard scalars.first == scalar else { return false }
    scalars.removeFirst()
    return true
  }

  private mutating func value(depth: Int) throws -> Value {
    skipWhiteSpace()
    switch scalars.first {
    case "{": return .object(try members(depth: depth + 1))
    case "[": return .array(try elements(depth: depth + 1))
    case "\"": return .string(try string())
    case "t": return try literal("true", .bool(true))
    case "f": return try literal("false", .bool(false))
    case "n": return try literal("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func literal(_ literal: String, _ value: Value) throws -> Value {
    for scalar in literal.unicodeScalars where try next() != scalar { throw Refused() }
    return value
  }

  private mutating func elements(depth: Int) throws -> [Value] {
    guard depth <= maximumDepth, take("[") else { throw Refused() }
    skipWhiteSpace()
    if take("]") { return [] }
    var elements: [Value] = []
    while true {
      elements.append(try value(depth: depth))
      skipWhiteSpace()
      if take("]") { return elements }
      guard take(",") else { throw Refused() }
    }
  }

  private mutating func members(depth: Int) throws -> [Value.Member] {
    guard depth <= maximumDepth, take("{") else { throw Refused() }
    skipWhiteSpace()
    if take("}") { return [] }
    var members: [Value.Member] = []
    while true {
      skipWhiteSpace()
      let key = try string()
      skipWhiteSpace()
      guard take(":"), !members.contains(where: { $0.key == key }) else { throw Refused() }
      members.append(Value.Member(key: key, value: try value(depth: depth)))
      skipWhiteSpace()
      if take("}") { return members }
      guard take(",") else { throw Refused() }
    }
  }

  private mutating func string() throws -> [Unicode.Scalar] {
    guard take("\"") else { throw Refused() }
    var units: [UInt16] = []
    while true {
      let scalar = try next()
      switch scalar {
      case "\"":
        // Two escapes may be the halves of one scalar; unescaped scalars are complete, so only an escape can
        // be a lone surrogate.
        guard let string = String(validating: units, as: UTF16.self) else { throw Refused() }
        return Array(string.unicodeScalars)
      case "\\": units.append(try escape())
      case "\0"..<" ": throw Refused()
      default: units.append(contentsOf: String(scalar).utf16)
      }
    }
  }

  private mutating func escape() throws -> UInt16 {
    switch try next() {
    case "\"": return 0x22
    case "\\": return 0x5c
    case "/": return 0x2f
    case "b": return 8
    case "f": return 12
    case "n": return 10
    case "r": return 13
    case "t": return 9
    case "u":
      var digits = ""
      for _ in 0..<4 {
        let digit = try next()
        guard digit.properties.isASCIIHexDigit else { throw Refused() }
        digits.unicodeScalars.append(digit)
      }
      return try unwrap(UInt16(digits, radix: 16))
    default: throw Refused()
    }
  }

  private mutating func number() throws -> String {
    var digits = ""
    if take("-") { digits += "-" }
    if take("0") { digits += "0" } else { digits += try someDigits() }
    if take(".") { digits += try "." + someDigits() }
    if let letter = scalars.first, letter == "e" || letter == "E" {
      digits.unicodeScalars.append(try next())
      if let sign = scalars.first, sign == "+" || sign == "-" { digits.unicodeScalars.append(try next()) }
      digits += try someDigits()
    }
    return digits
  }

  private mutating func someDigits() throws -> String {
    let digits = scalars.prefix { ("0"..."9").contains($0) }
    guard !digits.isEmpty else { throw Refused() }
    scalars = scalars.dropFirst(digits.count)
    return text(of: Array(digits))
  }
}
