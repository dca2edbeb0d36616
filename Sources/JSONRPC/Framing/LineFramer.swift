#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Cuts a stream into lines. A message ends at LF; blanks around it, a CR among them, and blank lines are
/// no part of one. A line over the limit is dropped as it comes and never held.
struct LineFramer: Sendable {
  private let limit: Int
  private var partial: [UInt8]
  private var isDiscarding = false

  /// - Parameters:
  ///   - limit: the largest message, in bytes.
  ///   - held: bytes of the first line that were read while the framing was being found out.
  init(limit: Int, held: [UInt8] = []) {
    self.limit = limit
    partial = held
  }

  /// The next message in `bytes` from `position` on, which moves behind it; nil when they are used up.
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

  /// The last line, if the stream ended without LF.
  mutating func finish() -> Frame? {
    finishLine(UnsafeRawBufferPointer(start: nil, count: 0))
  }

  /// Keeps the beginning of a line that has not ended yet.
  private mutating func hold(_ bytes: UnsafeRawBufferPointer) {
    if isDiscarding { return }
    let part = partial.isEmpty ? bytes.withoutLeadingBlanks : bytes
    // One byte more than the limit, since a CR may follow.
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
      // The line came whole: its bytes are copied once, here.
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

/// White space as JSON has it.
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
