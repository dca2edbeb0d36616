extension JSON {
  /// The value as text for people: two spaces a level, one member or element a line. Strings and numbers keep
  /// their exact text.
  public func prettyPrinted() -> [UInt8] {
    var text: [UInt8] = []
    prettyPrint(level: 0, to: &text)
    return text
  }

  // The depth that the parser allowed bounds the recursion.
  private func prettyPrint(level: Int, to text: inout [UInt8]) {
    func line(_ level: Int) {
      text.append(UInt8(ascii: "\n"))
      text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * level))
    }
    switch kind {
    case .array where count > 0:
      text.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { text.append(UInt8(ascii: ",")) }
        line(level + 1)
        element.prettyPrint(level: level + 1, to: &text)
      }
      line(level)
      text.append(UInt8(ascii: "]"))
    case .object where count > 0:
      text.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { text.append(UInt8(ascii: ",")) }
        line(level + 1)
        text.append(contentsOf: member.key.raw)
        text.append(contentsOf: ": ".utf8)
        member.value.prettyPrint(level: level + 1, to: &text)
      }
      line(level)
      text.append(UInt8(ascii: "}"))
    case .array: text.append(contentsOf: "[]".utf8)
    case .object: text.append(contentsOf: "{}".utf8)
    default: text.append(contentsOf: raw)
    }
  }
}
