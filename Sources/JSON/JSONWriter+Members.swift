extension JSONWriter {
  /// Writes a member whose value is an integer.
  public mutating func member(_ name: StaticString, _ value: Int) {
    member(name, Int64(value))
  }

  /// Writes a member whose value is an integer.
  public mutating func member(_ name: StaticString, _ value: Int64) {
    appendMember(name, atMost: Self.longestInteger) { target in Self.write(value, at: target) }
  }

  /// Writes a member whose value is a number; it must be finite.
  public mutating func member(_ name: StaticString, _ value: Double) {
    key(name)
    double(value)
  }

  /// Writes a member whose value is `true` or `false`.
  public mutating func member(_ name: StaticString, _ value: Bool) {
    key(name)
    bool(value)
  }

  /// Writes a member whose value is already JSON text.
  public mutating func member(_ name: StaticString, raw text: ArraySlice<UInt8>) {
    key(name)
    raw(text)
  }

  /// Writes a member whose value is already JSON text.
  public mutating func member(_ name: StaticString, raw text: [UInt8]) {
    key(name)
    raw(text)
  }

  /// Writes a member whose value is a time, as `date(millisecondsSince1970:)` does.
  public mutating func member(_ name: StaticString, millisecondsSince1970 milliseconds: Int64) {
    key(name)
    date(millisecondsSince1970: milliseconds)
  }
}
