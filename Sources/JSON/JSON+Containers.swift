extension JSON {
  /// The value of an object's member; nil if there is no such member, or if the value is not an object.
  /// Allocates nothing.
  ///
  /// Keys are compared byte by byte after unescaping, one key after the other: to read many members of a
  /// large object, iterate over `members` once.
  public subscript(key: StaticString) -> JSON? {
    guard firstByte == ASCII.leftBrace else { return nil }
    let end = document[index].link
    let found = document.withText { text -> Int? in
      var member = index &+ 2
      while member < end {
        let entry = document[member]
        // The bytes between the key's quotes.
        let content = UnsafeBufferPointer(start: text + entry.start + 1, count: entry.end &- entry.start &- 2)
        if JSON.equals(content, isEscaped: entry.flag, key) { return member &+ 1 }
        member = document.index(after: member &+ 1)
      }
      return nil
    }
    return found.map { JSON(document: document, index: $0) }
  }

  /// The lengths of an object's keys as a set of bits: no key whose length is missing is the key of a member. A key
  /// with escapes, or of 63 bytes or more, may have any length.
  public var keyLengths: UInt64 {
    guard firstByte == ASCII.leftBrace else { return 0 }
    let end = document[index].link
    var (member, lengths) = (index &+ 2, UInt64(0))
    while member < end {
      let entry = document[member]
      let length = entry.end &- entry.start &- 2
      if entry.flag || length >= 63 { return .max }
      lengths |= 1 << UInt64(length)
      member = document.index(after: member &+ 1)
    }
    return lengths
  }

  /// An object's members in the order of the text; empty if the value is not an object.
  public var members: Members {
    Members(document: document, entries: firstByte == ASCII.leftBrace ? contents : 0..<0)
  }

  /// An array's elements; empty if the value is not an array.
  public var elements: Elements {
    Elements(document: document, entries: firstByte == ASCII.leftBracket ? contents : 0..<0)
  }

  /// The entries of the contents of an array or object.
  private var contents: Range<Int> { index &+ 2..<document[index].link }

  /// The members of an object, in the order of the text.
  public struct Members: Sequence, IteratorProtocol, Sendable {
    let document: Document
    var entries: Range<Int>

    /// The next member: its key, which is a string, and its value.
    public mutating func next() -> (key: JSON, value: JSON)? {
      guard let key = entries.first else { return nil }
      entries = document.index(after: key &+ 1)..<entries.upperBound
      return (JSON(document: document, index: key), JSON(document: document, index: key &+ 1))
    }
  }

  /// The elements of an array, in the order of the text.
  public struct Elements: Sequence, IteratorProtocol, Sendable {
    let document: Document
    var entries: Range<Int>

    /// The next element.
    public mutating func next() -> JSON? {
      guard let element = entries.first else { return nil }
      entries = document.index(after: element)..<entries.upperBound
      return JSON(document: document, index: element)
    }
  }
}
