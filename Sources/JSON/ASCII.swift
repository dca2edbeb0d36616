/// The bytes that the grammar of JSON names.
enum ASCII {
  static let quote = UInt8(ascii: "\"")
  static let backslash = UInt8(ascii: "\\")
  static let slash = UInt8(ascii: "/")
  static let comma = UInt8(ascii: ",")
  static let colon = UInt8(ascii: ":")
  static let leftBrace = UInt8(ascii: "{")
  static let rightBrace = UInt8(ascii: "}")
  static let leftBracket = UInt8(ascii: "[")
  static let rightBracket = UInt8(ascii: "]")
  static let minus = UInt8(ascii: "-")
  static let plus = UInt8(ascii: "+")
  static let dot = UInt8(ascii: ".")
  static let zero = UInt8(ascii: "0")
  static let nine = UInt8(ascii: "9")
  static let space = UInt8(ascii: " ")
  static let tab = UInt8(ascii: "\t")
  static let newline = UInt8(ascii: "\n")
  static let carriageReturn = UInt8(ascii: "\r")
}

extension UInt8 {
  /// The value of a decimal digit; 10 or more if the byte is not a digit.
  @inline(__always) var digit: UInt8 { self &- ASCII.zero }

  @inline(__always) var isDigit: Bool { digit < 10 }

  @inline(__always) var isJSONWhiteSpace: Bool {
    self == ASCII.space || self == ASCII.newline || self == ASCII.carriageReturn || self == ASCII.tab
  }
}
