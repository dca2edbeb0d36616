/// The lines that a server has written, cut from a stream as it comes. Markers, which are answers to requests of
/// the reader's own, are counted and not kept.
struct AnswerLines {
  private let marker: [UInt8]
  /// What is whole, from `first` on.
  private var lines: [[UInt8]] = []
  private var first = 0
  private var partial: [UInt8] = []
  /// How many markers came: everything written before them is in `lines`, or was.
  private(set) var markers = 0
  /// Whether the stream has ended.
  var hasEnded = false

  /// - Parameter marker: what a marker's line begins with.
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

  /// The next line; nil if there is none yet.
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
