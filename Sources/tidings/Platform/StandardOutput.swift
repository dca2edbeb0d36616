/// The output of the commands. `serve` does not use it, since its standard output belongs to the wire.
enum StandardOutput {
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
