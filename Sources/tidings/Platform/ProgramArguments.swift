import CSystem

/// The arguments of this program, without its name.
enum ProgramArguments {
  /// Reads the arguments; throws if the system does not provide them. A program that went on without its
  /// arguments would serve another store than it was given, and would serve everybody.
  static func read() throws(CommandError) -> [String] {
    let count = tidings_argument_count()
    guard count > 0 else { throw CommandError(.system, "the system has not told this program its arguments") }
    return (1..<count).map { String(bytes: tidings_argument($0)) }
  }
}
