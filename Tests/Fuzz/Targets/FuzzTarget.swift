/// What is fuzzed: bytes go in, and what must hold for any bytes is checked.
struct FuzzTarget: Sendable {
  /// Names the target on the command line, and its folder of cases.
  let name: String
  /// Throws `Broken` if something does not hold. May trap as well: that is what fuzzing looks for.
  let check: @Sendable ([UInt8]) throws -> Void
  /// Inputs to start from.
  let seeds: @Sendable ([Transcript]) -> [[UInt8]]

  static let all: [FuzzTarget] = [.json, .framing, .envelopes, .parameters]
}

/// Something that must hold for any input does not.
struct Broken: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// Throws unless the condition holds.
func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
  if !condition { throw Broken(message()) }
}
