/// Cuts a stream of bytes into JSON values: the elements of one array, or values one after the other, a line each or not.
///
/// It only looks at quotes and brackets: whether a value is JSON is its reader's to say. Where a line of its own is broken,
/// the next one that begins with `{` is an item again.
struct JSONItems {
  /// The largest item: twice what a document of MongoDB can be, in the longest spelling of most.
  static let largest = 64 << 20

  private enum Outside { case start, values, array, end }

  private var outside = Outside.start
  private var depth = 0
  private var inString = false
  private var isEscaped = false
  /// Whether the item is no array, object or string, so that white space ends it.
  private var isBare = false
  private var atLineStart = true
  private var line = 1
  /// The bytes of an item that began in an earlier chunk.
  private var begun: [UInt8] = []
  private var isInItem = false
  private var firstLine = 1

  /// Takes the next bytes; `body` gets each item that they end, and the line on which it began.
  mutating func take(_ chunk: [UInt8], _ body: (ArraySlice<UInt8>, Int) throws -> Void) throws {
    var start = 0
    var index = 0
    func item(_ end: Int) -> ArraySlice<UInt8> {
      begun.isEmpty ? chunk[start..<end] : begun + chunk[start..<end]
    }
    func end(at end: Int) throws {
      let whole = item(end)
      begun = []
      (isInItem, depth, inString, isEscaped, isBare) = (false, 0, false, false, false)
      try body(whole, firstLine)
    }
    while index < chunk.count {
      let byte = chunk[index]
      let startsLine = atLineStart
      if byte == 0x0A {
        line += 1
        atLineStart = true
      } else {
        atLineStart = false
      }
      if !isInItem {
        try begin(byte, at: index, &start)
      } else if outside == .values
        && ((byte == 0x0A && inString) || (byte == 0x7B && startsLine && depth > 0))
      {
        // A line that was cut off: the item ends here, and what comes is looked at anew.
        try end(at: index)
        if byte != 0x0A { try begin(byte, at: index, &start) }
      } else if inString {
        if isEscaped {
          isEscaped = false
        } else if byte == 0x5C {
          isEscaped = true
        } else if byte == 0x22 {
          inString = false
          if depth == 0 { try end(at: index + 1) }
        }
      } else {
        switch byte {
        case 0x22: inString = true
        case 0x7B, 0x5B: depth += 1
        case 0x7D, 0x5D:
          if depth > 1 {
            depth -= 1
          } else if depth == 1 {
            try end(at: index + 1)
          } else if byte == 0x5D {
            // Behind a bare word.
            try end(at: index)
            try begin(byte, at: index, &start)
          }
        case 0x20, 0x09, 0x0A, 0x0D, 0x2C: if isBare, depth == 0 { try end(at: index) }
        default: break
        }
      }
      index += 1
    }
    guard isInItem else { return }
    begun += chunk[start...]
    guard begun.count <= Self.largest else {
      throw SourceFailure("line \(firstLine): a value is larger than \(Self.largest >> 20) MiB")
    }
  }

  /// Looks at a byte between items.
  private mutating func begin(_ byte: UInt8, at index: Int, _ start: inout Int) throws {
    switch byte {
    case 0x20, 0x09, 0x0A, 0x0D: return
    case 0x2C where outside == .array: return
    case 0x5B where outside == .start:
      outside = .array
      return
    case 0x5D where outside == .array:
      outside = .end
      return
    case _ where outside == .end: throw SourceFailure("line \(line): something follows the array")
    default: break
    }
    if outside == .start { outside = .values }
    (start, firstLine, isInItem) = (index, line, true)
    switch byte {
    case 0x22: inString = true
    case 0x7B, 0x5B: depth = 1
    default: isBare = true
    }
  }

  /// Ends the stream: an item that is open is handed over as it is. Throws if the array was not closed.
  mutating func finish(_ body: (ArraySlice<UInt8>, Int) throws -> Void) throws {
    if isInItem {
      let rest = begun
      begun = []
      isInItem = false
      try body(rest[...], firstLine)
    }
    if outside == .array { throw SourceFailure("the array is not closed: the file was cut off") }
  }
}
