/// What the commands print; `serve` has given standard output away to the wire.
enum StandardOutput {
  /// Writes everything; throws if nobody takes it, or there is no room for it.
  static func write(_ bytes: [UInt8]) throws(Failure) {
    do {
      try Descriptor.standardOutput.write(bytes)
    } catch {
      throw Failure(.outputClosed, "the output can't be written: \(error)")
    }
  }

  /// Writes a line.
  static func write(line: String) throws(Failure) { try write(Array("\(line)\n".utf8)) }
}
