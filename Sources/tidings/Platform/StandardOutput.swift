import JSONRPC
import LibC

/// The output of the commands. `serve` does not use it, since its standard output belongs to the wire.
enum StandardOutput {
  /// Throws if the output is closed: then a command need not begin.
  static func check() throws(CommandError) {
    do throws(SystemError) {
      try StandardStreams.check(STDOUT_FILENO, isNot: O_RDONLY, "standard output")
    } catch {
      throw CommandError(.outputClosed, "the result can't be written: \(error)")
    }
  }

  /// Writes all bytes; throws if nobody reads them, or there is no room for them.
  static func write(_ bytes: [UInt8]) throws(CommandError) {
    do {
      try Descriptor.standardOutput.write(bytes)
    } catch {
      throw CommandError(.outputClosed, "the output can't be written: \(error)")
    }
  }

  /// Ends the program once nobody reads the output any more, also while there is nothing to write. The descriptor of a
  /// file is never closed in this sense.
  static func leaveWhenClosed() throws(CommandError) {
    try SystemLimits.startThread("output") {
      Descriptor.standardOutput.waitUntilClosed()
      leave(ExitStatus.outputClosed.rawValue)
    }
  }

  /// Writes a line.
  static func write(line: String) throws(CommandError) { try write(Array("\(line)\n".utf8)) }
}

/// A command that may print no result: any other one needs the standard output from its beginning.
protocol OutputChoice {
  /// Whether the result goes to the standard output.
  var printsResult: Bool { get }
}
