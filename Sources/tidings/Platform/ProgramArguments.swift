import CSystem

/// The arguments of this program, without its name.
enum ProgramArguments {
  /// Reads them; throws where the system has not told them. A program that goes on without its arguments would
  /// serve another store than it was given, and to everybody.
  static func read() throws(Failure) -> [String] {
    let count = tidings_argument_count()
    guard count > 0 else { throw Failure(.system, "the system has not told this program its arguments") }
    return (1..<max(count, 1)).map { String(bytes: tidings_argument($0)) }
  }
}
