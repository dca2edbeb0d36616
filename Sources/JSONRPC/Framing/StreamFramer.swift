/// Cuts a stream into messages by the framing that its first bytes show. A byte order mark and blanks at the
/// start of the stream are skipped. `Content-`, in any case, means headers; anything else means lines.
struct StreamFramer: Sendable {
  private let limits: Limits
  private let wanted: Framing
  private var state: State = .opening([])

  private enum State: Sendable {
    /// Bytes that may be the start of a byte order mark or of `Content-`.
    case opening([UInt8])
    case lines(LineFramer)
    case headers(HeaderFramer)
  }

  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
  private static let headerStart = Array("content-".utf8)

  init(_ framing: Framing, limits: Limits) {
    self.limits = limits
    wanted = framing
  }

  /// The framing for answers; `.detect` while it is unknown.
  var framing: Framing {
    switch state {
    case .opening: wanted
    case .lines: .lines
    case .headers: .headers
    }
  }

  /// Returns the next message in `bytes` from `position` on, and moves `position` past it; nil when all bytes
  /// are used.
  mutating func next(in bytes: UnsafeRawBufferPointer, from position: inout Int) -> Frame? {
    switch state {
    case .opening(let held):
      guard open(held, bytes, from: &position) else { return nil }
      return next(in: bytes, from: &position)
    case .lines(var framer):
      state = .opening([])  // so that the framer is held once while it works
      defer { state = .lines(framer) }
      return framer.next(in: bytes, from: &position)
    case .headers(var framer):
      state = .opening([])
      defer { state = .headers(framer) }
      return framer.next(in: bytes, from: &position)
    }
  }

  /// Returns the last frame when the stream has ended; nil if there is none.
  mutating func finish() -> Frame? {
    switch state {
    case .opening(let held):
      if held.isEmpty { return nil }
      decide(held, isHeader: false)
      return finish()
    case .lines(var framer):
      defer { state = .lines(framer) }
      return framer.finish()
    case .headers(var framer):
      defer { state = .headers(framer) }
      return framer.finish()
    }
  }

  /// Reads on until the framing is decided; false if there are too few bytes.
  private mutating func open(
    _ start: [UInt8], _ bytes: UnsafeRawBufferPointer, from position: inout Int
  ) -> Bool {
    var held = start
    while position < bytes.count {
      let byte = bytes[position]
      if held.isEmpty, isBlank(byte) {
        position += 1
        continue
      }
      if held.isEmpty && wanted != .detect && byte != Self.byteOrderMark[0] {
        decide(held, isHeader: false)
        return true
      }
      held.append(byte)
      position += 1
      if Self.byteOrderMark.starts(with: held) {
        if held.count == Self.byteOrderMark.count { held = [] }
      } else if wanted == .detect, held.count <= Self.headerStart.count,
        held[...].equalsIgnoringCaseStart(of: Self.headerStart)
      {
        if held.count == Self.headerStart.count {
          decide(held, isHeader: true)
          return true
        }
      } else {
        // The framer reads the deciding byte again: it may be the end of the line.
        position -= 1
        held.removeLast()
        decide(held, isHeader: false)
        return true
      }
    }
    state = .opening(held)
    return false
  }

  private mutating func decide(_ held: [UInt8], isHeader: Bool) {
    if isHeader || wanted == .headers {
      state = .headers(HeaderFramer(limit: limits.requestBytes, headerLimit: limits.headerBytes, held: held))
    } else {
      state = .lines(LineFramer(limit: limits.requestBytes, held: held))
    }
  }
}

extension ArraySlice<UInt8> {
  fileprivate func equalsIgnoringCaseStart(of lowercase: [UInt8]) -> Bool {
    zip(self, lowercase).allSatisfy { given, wanted in
      (given >= 0x41 && given <= 0x5A ? given | 0x20 : given) == wanted
    }
  }
}
