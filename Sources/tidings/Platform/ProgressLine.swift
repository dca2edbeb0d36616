import Locks

/// A line on a terminal that is written over again and again; on anything else nothing is written.
final class ProgressLine: Sendable {
  private let title: String
  private let isShown = Descriptor.standardError.isTerminal
  // Held while a line is written: several threads may report.
  private let last = Locked<ContinuousClock.Instant?>(nil)

  init(_ title: String) { self.title = title }

  /// Shows how far the work is, at most some ten times a second.
  func show(_ text: String) {
    guard isShown else { return }
    last.withLock { last in
      guard last.map({ .now - $0 > .milliseconds(100) }) ?? true else { return }
      last = .now
      write("\r\(title): \(text)\u{1B}[K")
    }
  }

  /// Removes the line.
  func end() {
    guard isShown else { return }
    last.withLock { last in
      if last != nil { write("\r\u{1B}[K") }
      last = nil
    }
  }

  private func write(_ text: String) {
    do {
      try Descriptor.standardError.write(Array(text.utf8))
    } catch {
      // Nobody looks at it any more.
      return
    }
  }
}
