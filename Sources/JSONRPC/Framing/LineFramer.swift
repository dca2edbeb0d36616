import LibC

/// Cuts a stream into lines. A message ends at LF. Blanks around a message, including a CR, and blank lines
/// are not part of any message. A line over the limit is dropped as it arrives and never held.
struct LineFramer: Sendable {
  private let limit: Int
  private var partial: [UInt8]
  private var isDiscarding = false

  /// - Parameters:
  ///   - limit: the largest message, in bytes.
  ///   - held: bytes of the first line that were read while the framing was being detected.
  init(limit: Int, held: [UInt8] = []) {
    self.limit = limit
    partial = held
  }

  /// Returns the next message in `bytes` from `position` on, and moves `position` past it; nil when all bytes
  /// are used.
  mutating func next(in bytes: UnsafeRawBufferPointer, from position: inout Int) -> Frame? {
    while position < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
      guard let end = rest.firstIndexOfLF else {
        position = bytes.count
        hold(rest)
        return nil
      }
      position += end + 1
      if let frame = finishLine(UnsafeRawBufferPointer(rebasing: rest[..<end])) { return frame }
    }
    return nil
  }

  /// Returns the last line, if the stream ended without LF.
  mutating func finish() -> Frame? {
    finishLine(UnsafeRawBufferPointer(start: nil, count: 0))
  }

  /// Holds the beginning of a line that has not ended yet.
  private mutating func hold(_ bytes: UnsafeRawBufferPointer) {
    if isDiscarding { return }
    let part = partial.isEmpty ? bytes.withoutLeadingBlanks : bytes
    // One byte more than the limit is held, since a CR may follow.
    if partial.count + part.count > limit + 1 {
      isDiscarding = true
      partial = []
    } else {
      partial.append(contentsOf: part)
    }
  }

  private mutating func finishLine(_ tail: UnsafeRawBufferPointer) -> Frame? {
    if isDiscarding {
      isDiscarding = false
      return .oversize
    }
    if partial.isEmpty {
      // The line arrived in one piece: its bytes are copied once, here.
      let line = tail.withoutLeadingBlanks
      guard line.count <= limit + 1 else { return .oversize }
      let end = line.endWithoutBlanks
      guard end > 0 else { return nil }
      guard end <= limit else { return .oversize }
      return .message([UInt8](UnsafeRawBufferPointer(rebasing: line[..<end])))
    }
    var line: [UInt8] = []
    swap(&line, &partial)
    guard line.count + tail.count <= limit + 1 else { return .oversize }
    line.append(contentsOf: tail)
    line.removeLast(line.count - line.withUnsafeBytes(\.endWithoutBlanks))
    guard !line.isEmpty else { return nil }
    return line.count <= limit ? .message(line) : .oversize
  }
}

/// Whether a byte is white space in JSON.
@inline(__always)
func isBlank(_ byte: UInt8) -> Bool {
  byte == 0x20 || byte == 0x0D || byte == 0x0A || byte == 0x09
}

extension UnsafeRawBufferPointer {
  fileprivate var firstIndexOfLF: Int? {
    // memchr stays within the buffer's own base and count.
    guard let base = baseAddress, let found = memchr(base, 0x0A, count) else { return nil }
    return UnsafeRawPointer(found) - base
  }

  fileprivate var withoutLeadingBlanks: UnsafeRawBufferPointer {
    var start = 0
    while start < count, isBlank(self[start]) { start += 1 }
    return start == 0 ? self : UnsafeRawBufferPointer(rebasing: self[start...])
  }

  fileprivate var endWithoutBlanks: Int {
    var end = count
    while end > 0, isBlank(self[end - 1]) { end -= 1 }
    return end
  }
}
