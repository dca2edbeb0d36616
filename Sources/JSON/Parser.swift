/// Reads a text once, checks all of it and builds its index.
///
/// The parser does not recurse: the entry of an open array or object holds the index of its parent.
struct Parser: ~Copyable {
  /// The text's bytes, valid while the closure runs in which the parser lives. No read is at or past `end`.
  let text: UnsafePointer<UInt8>
  let end: Int
  let maximumDepth: Int
  var position = 0

  private var document: Document
  /// The document's entries. They don't move as long as `document` is kept, which is until it is handed out.
  private(set) var entries: UnsafeMutablePointer<Entry>
  private var capacity: Int
  private(set) var count = 0
  /// Whether the text may have a number that not every reader of JSON can hold.
  var hasUnusualNumber = false

  /// Creates a parser. `kept` is the part of the text that the document keeps: all of it, or nothing if the
  /// document is not handed out.
  private init(text: UnsafePointer<UInt8>, count: Int, kept: [UInt8], maximumDepth: Int) {
    self.text = text
    end = count
    self.maximumDepth = maximumDepth
    // Requests have about one entry per ten bytes; only unusual texts need more than one per four.
    capacity = count / 4 + 8
    document = Document(text: kept, capacity: capacity)
    entries = document.entries
  }

  /// Parses a whole text; the first entry is the value's.
  static func parse(_ bytes: [UInt8], maximumDepth: Int) throws(JSONError) -> Document {
    guard bytes.count <= Int(Int32.max) else { throw JSONError(offset: 0, reason: .textTooLong) }
    return try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) -> Document in
      guard let base = buffer.baseAddress else { throw JSONError(offset: 0, reason: .emptyText) }
      var parser = Parser(text: base, count: buffer.count, kept: bytes, maximumDepth: maximumDepth)
      try parser.parseText()
      if parser.hasUnusualNumber { parser.document.noteUnusualNumber() }
      return parser.document
    }
  }

  /// Checks a text as `parse` does and keeps nothing of it. Returns whether the text is an object.
  static func checkObject(
    _ bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int
  ) throws(JSONError) -> Bool {
    guard bytes.count <= Int(Int32.max) else { throw JSONError(offset: 0, reason: .textTooLong) }
    guard let base = bytes.baseAddress else { throw JSONError(offset: 0, reason: .emptyText) }
    var parser = Parser(text: base, count: bytes.count, kept: [], maximumDepth: maximumDepth)
    try parser.parseText()
    // A text that was parsed has a first entry.
    return base[parser.entries[0].start] == ASCII.leftBrace
  }

  private mutating func parseText() throws(JSONError) {
    skipWhiteSpace()
    guard position < end else { throw JSONError(offset: position, reason: .emptyText) }
    try parseValue()
    skipWhiteSpace()
    guard position == end else { throw JSONError(offset: position, reason: .trailingText) }
  }

  /// Parses the value at `position`, including everything in it.
  private mutating func parseValue() throws(JSONError) {
    /// The first entry of the innermost open array or object.
    var container = Self.none
    var isObject = false
    var depth = 0

    nextValue: while true {
      guard position < end else { throw unexpectedEnd }
      let byte = text[position]
      switch byte {
      case ASCII.quote:
        try parseString()
      case ASCII.leftBrace, ASCII.leftBracket:
        depth &+= 1
        guard depth <= maximumDepth else { throw JSONError(offset: position, reason: .depthExceeded) }
        open(parent: container)
        container = count &- 2
        isObject = byte == ASCII.leftBrace
        position &+= 1
        skipWhiteSpace()
        guard position < end else { throw unexpectedEnd }
        // A closing bracket's code is that of the opening one + 2.
        if text[position] != byte &+ 2 {
          if isObject { try parseKey() }
          continue nextValue
        }
      // An empty one is closed below, like any other.
      case ASCII.minus, ASCII.zero...ASCII.nine:
        try parseNumber()
      case UInt8(ascii: "t"):
        try parseLiteral("true")
      case UInt8(ascii: "f"):
        try parseLiteral("false")
      case UInt8(ascii: "n"):
        try parseLiteral("null")
      default:
        throw unexpectedByte
      }

      // A value is complete, or an array or object is empty: close every container that ends here, and go on
      // to the next value.
      while container != Self.none {
        skipWhiteSpace()
        guard position < end else { throw unexpectedEnd }
        let byte = text[position]
        if byte == ASCII.comma {
          position &+= 1
          skipWhiteSpace()
          if isObject { try parseKey() }
          continue nextValue
        }
        guard byte == (isObject ? ASCII.rightBrace : ASCII.rightBracket) else { throw unexpectedByte }
        position &+= 1
        let parent = try close(container, isObject: isObject)
        depth &-= 1
        container = parent
        if parent != Self.none { isObject = text[entries[parent].start] == ASCII.leftBrace }
      }
      return
    }
  }

  /// Parses a key and its colon, up to the value.
  @inline(__always)
  private mutating func parseKey() throws(JSONError) {
    guard position < end else { throw unexpectedEnd }
    guard text[position] == ASCII.quote else { throw unexpectedByte }
    try parseString()
    skipWhiteSpace()
    guard position < end else { throw unexpectedEnd }
    guard text[position] == ASCII.colon else { throw unexpectedByte }
    position &+= 1
    skipWhiteSpace()
  }

  private mutating func parseLiteral(_ literal: StaticString) throws(JSONError) {
    let start = position
    for offset in 0..<literal.utf8CodeUnitCount {
      guard position < end else { throw unexpectedEnd }
      guard text[position] == literal.utf8Start[offset] else { throw unexpectedByte }
      position &+= 1
    }
    append(Entry(start: start, end: position, flag: false))
  }

  @inline(__always)
  private mutating func skipWhiteSpace() {
    while position < end, text[position].isJSONWhiteSpace { position &+= 1 }
  }
}

// MARK: - The index

extension Parser {
  /// Stands for "no container": in a text below 2 GiB no entry's link can be this high.
  private static var none: Int { Int(UInt32.max) }

  /// Adds the entries of an array or object that starts at `position`.
  @inline(__always)
  private mutating func open(parent: Int) {
    append(Entry(containerStart: position, link: parent))
    append(Entry(count: 0, end: 0))
  }

  /// Completes the entries of an array or object that ended before `position`; returns its parent's index.
  @inline(__always)
  private mutating func close(_ container: Int, isObject: Bool) throws(JSONError) -> Int {
    let entry = entries[container]
    let children = try isObject ? refuseDuplicateKeys(container, end: count) : countElements(container)
    entries[container] = Entry(containerStart: entry.start, link: count)
    entries[container &+ 1] = Entry(count: children, end: position)
    return entry.link
  }

  @inline(__always)
  private func countElements(_ array: Int) -> Int {
    var elements = 0
    var index = array &+ 2
    while index < count {
      elements &+= 1
      index = self.index(after: index)
    }
    return elements
  }

  @inline(__always)
  func index(after index: Int) -> Int {
    let entry = entries[index]
    return entry.isContainer ? entry.link : index &+ 1
  }

  @inline(__always)
  mutating func append(_ entry: Entry) {
    if count == capacity { grow() }
    // `count` is below the capacity that the document was created with.
    (entries + count).initialize(to: entry)
    count &+= 1
  }

  @inline(never)
  private mutating func grow() {
    let larger = Document(text: document.text, capacity: capacity * 2)
    let moved = larger.entries
    // The first `count` entries are initialised, and the new entries are in another allocation.
    moved.initialize(from: entries, count: count)
    capacity *= 2
    entries = moved
    document = larger
  }
}

// MARK: - Errors

extension Parser {
  var unexpectedEnd: JSONError { JSONError(offset: end, reason: .unexpectedEnd) }

  /// The error for the byte at `position`, which is before `end` and not allowed there.
  var unexpectedByte: JSONError { JSONError(offset: position, reason: .unexpectedByte(text[position])) }
}
