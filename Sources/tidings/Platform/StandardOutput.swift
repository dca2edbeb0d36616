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

  /// Writes a line.
  static func write(line: String) throws(CommandError) { try write(Array("\(line)\n".utf8)) }
}
