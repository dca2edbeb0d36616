extension JSON {
  /// The unescaped content of a string, scalar by scalar: NUL is kept and nothing is normalised. Nil if the
  /// value is not a string.
  public var string: String? {
    withContent { content, isEscaped in
      if !isEscaped { return String(decoding: content, as: UTF8.self) }
      return String(unsafeUninitializedCapacity: content.count) { unescape(content, into: $0) }
    }
  }

  /// Calls `body` with the UTF-8 of a string's unescaped content, without making a `String`.
  ///
  /// - Returns: the result of `body`; nil, without calling it, if the value is not a string.
  public func withUTF8<R>(_ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R? {
    try withContent { content, isEscaped in
      try isEscaped ? withUnescaped(content, body) : body(content)
    }
  }

  /// Returns whether the value is a string whose unescaped content is exactly these bytes. Allocates nothing.
  public func equals(_ text: StaticString) -> Bool {
    withContent { content, isEscaped in
      JSON.equals(content, isEscaped: isEscaped, text)
    } ?? false
  }

  /// Returns whether the value is a string whose unescaped content is one of these. Allocates nothing.
  public func equals(anyOf texts: [StaticString]) -> Bool {
    withContent { content, isEscaped in
      texts.contains { JSON.equals(content, isEscaped: isEscaped, $0) }
    } ?? false
  }

  @inline(__always)
  static func equals(_ content: UnsafeBufferPointer<UInt8>, isEscaped: Bool, _ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard isEscaped else {
      guard content.count == count, let base = content.baseAddress else { return false }
      return equal(base, text.utf8Start, count: count)
    }
    return equalsEscaped(content, text)
  }

  @inline(never)
  private static func equalsEscaped(_ content: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    // An escape is at most six times as long as its unescaped bytes: content that is too long is refused
    // unread.
    guard content.count / 6 <= count, count < content.count else { return false }
    return withUnescaped(content) { unescaped in
      guard unescaped.count == count, let base = unescaped.baseAddress else { return false }
      return equal(base, text.utf8Start, count: count)
    }
  }

  /// Calls `body` with the bytes between a string's quotes, and whether they have escapes.
  @inline(__always)
  private func withContent<R>(_ body: (UnsafeBufferPointer<UInt8>, Bool) throws -> R) rethrows -> R? {
    let entry = document[index]
    return try document.withText { text in
      guard text[entry.start] == ASCII.quote else { return nil }
      // A string's entry is a scalar's, and covers both quotes.
      let content = UnsafeBufferPointer(start: text + entry.start + 1, count: entry.end &- entry.start &- 2)
      return try body(content, entry.flag)
    }
  }
}
