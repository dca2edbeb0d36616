/// The lines that a server has written, cut from a stream as it arrives. Markers, which are answers to the
/// reader's own requests, are counted and not kept.
struct AnswerLines {
  private let marker: [UInt8]
  /// The complete lines, of which those before `first` are taken.
  private var lines: [[UInt8]] = []
  private var first = 0
  private var partial: [UInt8] = []
  /// The number of markers so far. Every line that was written before them is in `lines`, or has been taken
  /// from it.
  private(set) var markers = 0
  /// Whether the stream has ended.
  var hasEnded = false

  /// Creates an empty stream.
  ///
  /// - Parameter marker: the beginning of a marker's line.
  init(marker: [UInt8]) { self.marker = marker }

  /// Takes the stream's next bytes.
  mutating func take(_ bytes: [UInt8]) {
    var start = 0
    while let end = bytes[start...].firstIndex(of: 0x0A) {
      partial += bytes[start..<end]
      start = end + 1
      if partial.starts(with: marker) { markers += 1 } else { lines.append(partial) }
      partial = []
    }
    partial += bytes[start...]
  }

  /// Takes the next line; nil if there is none yet.
  mutating func next() -> [UInt8]? {
    guard first < lines.count else {
      lines = []
      first = 0
      return nil
    }
    defer { first += 1 }
    let line = lines[first]
    lines[first] = []
    return line
  }
}
