import LibC

/// Shows on stderr how far a command has come: a bar on a terminal, a line every five seconds elsewhere.
struct ProgressBar {
  private let begun = ContinuousClock.now
  private let isTerminal = Descriptor.standardError.isTerminal
  private var next: ContinuousClock.Instant
  private var isShown = false

  private static let onTerminal = Duration.milliseconds(200)
  private static let elsewhere = Duration.seconds(5)

  init() { next = .now + (Descriptor.standardError.isTerminal ? Self.onTerminal : Self.elsewhere) }

  /// Tells how much is done, of how much if that is known, and how many messages that is. Cheap while nothing is shown.
  mutating func show(done: Int, of total: Int?, messages: Int) {
    let now = ContinuousClock.now
    guard now >= next else { return }
    next = now + (isTerminal ? Self.onTerminal : Self.elsewhere)
    let part = total.map { $0 > 0 ? min(1, Double(done) / Double($0)) : 1 }
    let text = ProgressText(part: part, messages: messages, seconds: Self.seconds(now - begun))
    if isTerminal {
      isShown = true
      Self.write("\r\u{1B}[K" + text.bar(columns: Self.columns))
    } else {
      Self.write(text.line + "\n")
    }
  }

  /// Removes the bar; then other lines may be written.
  mutating func clear() {
    if isShown { Self.write("\r\u{1B}[K") }
    isShown = false
  }

  /// The seconds since the beginning.
  var seconds: Double { Self.seconds(.now - begun) }

  private static func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }

  private static var columns: Int {
    var size = winsize()
    return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }

  /// Writes a line in place of the bar, which comes again behind it.
  static func tell(_ line: String) {
    write((Descriptor.standardError.isTerminal ? "\r\u{1B}[K" : "") + line.shown() + "\n")
  }

  /// Writes to stderr, which may be closed: then nobody looks.
  private static func write(_ text: String) {
    do {
      try Descriptor.standardError.write(Array(text.utf8))
    } catch {
      return
    }
  }
}
