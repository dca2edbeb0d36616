/// How a connection that reads sees the file. Used only by the connection's thread.
///
/// The moments at which it has looked at the file have numbers: what was read at one moment is one state of the file.
/// A view needs no transaction as long as nothing but what is kept is asked for, and nobody has committed anything
/// since the last moment: then that moment is the present. The first other question begins a transaction. If the file
/// has changed in between, what was answered is of another moment, and the read is done again.
final class FileView {
  var kept = KeptStates()
  /// The present moment, or the last one.
  private(set) var moment = 0
  /// Nil if SQLite has no index; then nothing is believed without a look into the file.
  private let source: LogHeader.Source?
  /// The header from before the snapshot of the last look. A header never comes back, so as long as it is the same,
  /// it has been the same all the time, and the snapshot is the present.
  private var seen: LogHeader?
  /// Whether the present read has had an answer.
  var isRelied = false
  /// Whether the present read would have had answers of two moments.
  var hasMoved = false

  init(_ source: LogHeader.Source?) { self.source = source }

  /// The header now; nil if it can't be read.
  var header: LogHeader? { source?.now }

  /// Whether nothing was committed since the last look.
  var isCurrent: Bool {
    guard let seen else { return false }
    return header == seen
  }

  /// Notes a look at the file that found another state; `before` is the header from before its snapshot.
  func look(_ before: LogHeader?) {
    moment += 1
    seen = before
  }
}
