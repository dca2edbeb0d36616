extension JSONWriter {
  /// Writes a member whose value is a string.
  public mutating func member(_ name: StaticString, _ value: String) {
    key(name)
    string(value)
  }

  /// Writes a member whose value is an integer.
  public mutating func member(_ name: StaticString, _ value: Int) {
    key(name)
    integer(Int64(value))
  }

  /// Writes a member whose value is an integer.
  public mutating func member(_ name: StaticString, _ value: Int64) {
    key(name)
    integer(value)
  }

  /// Writes a member whose value is a number; it must be finite.
  public mutating func member(_ name: StaticString, _ value: Double) {
    key(name)
    double(value)
  }

  /// Writes a member whose value is true or false.
  public mutating func member(_ name: StaticString, _ value: Bool) {
    key(name)
    bool(value)
  }

  /// Writes a member whose value is JSON text already.
  public mutating func member(_ name: StaticString, raw text: ArraySlice<UInt8>) {
    key(name)
    raw(text)
  }

  /// Writes a member whose value is JSON text already.
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
