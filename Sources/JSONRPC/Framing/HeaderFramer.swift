/// Cuts a stream into messages by LSP headers: `Content-Length: N`, other headers ignored, a blank line, N
/// bytes. A body over the limit is skipped without being held; after headers that can't be parsed the stream
/// is lost.
struct HeaderFramer: Sendable {
  private let limit: Int
  private let headerLimit: Int
  private var state = State.headers
  private var line: [UInt8]
  private var headerBytes: Int
  private var length: Int?

  private enum State: Sendable {
    case headers
    case body([UInt8], missing: Int)
    case skipping(Int)
    case lost
  }

  /// - Parameters:
  ///   - limit: the largest body, in bytes.
  ///   - headerLimit: the largest header block, in bytes.
  ///   - held: bytes of the first header that were read while the framing was being detected.
  init(limit: Int, headerLimit: Int, held: [UInt8] = []) {
    self.limit = limit
    self.headerLimit = headerLimit
    line = held
    headerBytes = held.count
  }

  /// Returns the next message in `bytes` from `position` on, and moves `position` past it; nil when all bytes
  /// are used.
  mutating func next(in bytes: UnsafeRawBufferPointer, from position: inout Int) -> Frame? {
    while true {
      switch state {
      case .headers:
        guard position < bytes.count else { return nil }
        let byte = bytes[position]
        position += 1
        if let frame = header(byte) { return frame }
      case .body(var body, let missing):
        guard missing > 0 else {
          state = .headers
          return .message(body)
        }
        guard position < bytes.count else { return nil }
        let end = min(bytes.count, position + missing)
        state = .lost  // so that the body is held once while it grows
        body.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[position..<end]))
        state = .body(body, missing: missing - (end - position))
        position = end
      case .skipping(let missing):
        guard missing > 0 else {
          state = .headers
          return .oversize
        }
        guard position < bytes.count else { return nil }
        let step = min(bytes.count - position, missing)
        state = .skipping(missing - step)
        position += step
      case .lost:
        position = bytes.count
        return nil
      }
    }
  }

  /// Returns `lostSync` if the stream ended within a message; nil if it ended between messages, or was lost
  /// before.
  mutating func finish() -> Frame? {
    switch state {
    case .headers where headerBytes == 0, .lost: return nil
    default: return lose("the stream ended within a message")
    }
  }

  private mutating func header(_ byte: UInt8) -> Frame? {
    headerBytes += 1
    guard headerBytes <= headerLimit else { return lose("the headers are longer than \(headerLimit) bytes") }
    guard byte == 0x0A else {
      line.append(byte)
      return nil
    }
    if line.last == 0x0D { line.removeLast() }
    defer { line.removeAll(keepingCapacity: true) }
    if line.isEmpty { return endOfHeaders() }
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return lose("a header without a colon") }
    guard line[..<colon].equalsIgnoringCase("content-length") else { return nil }
    guard let value = Self.decimal(line[(colon + 1)...]) else {
      return lose("Content-Length is not a number of bytes")
    }
    guard length == nil || length == value else { return lose("two different Content-Length headers") }
    length = value
    return nil
  }

  private mutating func endOfHeaders() -> Frame? {
    // An extra line break between two messages is tolerated.
    if length == nil, headerBytes <= 2 {
      headerBytes = 0
      return nil
    }
    guard let length else { return lose("headers without Content-Length") }
    self.length = nil
    headerBytes = 0
    if length > limit {
      state = .skipping(length)
    } else {
      // The body grows as its bytes arrive: the length is only a claim, and reserves no memory.
      state = .body([], missing: length)
    }
    return nil
  }

  private mutating func lose(_ reason: String) -> Frame {
    state = .lost
    line = []
    return .lostSync(reason)
  }

  /// The number in a text of digits with optional blanks around them; nil for any other text, and if it does
  /// not fit.
  private static func decimal(_ text: ArraySlice<UInt8>) -> Int? {
    let start = text.firstIndex { !isBlank($0) } ?? text.endIndex
    let end = (text.lastIndex { !isBlank($0) } ?? text.startIndex - 1) + 1
    guard start < end else { return nil }
    var value = 0
    for byte in text[start..<end] {
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(Int(byte - 0x30))
      guard !overflow, !carry else { return nil }
      value = sum
    }
    return value
  }
}

extension ArraySlice<UInt8> {
  /// Returns whether the bytes are this text of lower-case ASCII letters, in any case.
  func equalsIgnoringCase(_ lowercase: StaticString) -> Bool {
    lowercase.withUTF8Buffer { wanted in
      count == wanted.count
        && zip(self, wanted).allSatisfy { given, wanted in
          (given >= 0x41 && given <= 0x5A ? given | 0x20 : given) == wanted
        }
    }
  }
}
