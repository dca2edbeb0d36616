/// A fuzz target: it takes any bytes, and checks the properties that must hold for all of them.
struct FuzzTarget: Sendable {
  /// The name of the target on the command line, and of its folder of cases.
  let name: String
  /// Throws `Broken` if a property does not hold. It may also trap: that is what fuzzing looks for.
  let check: @Sendable ([UInt8]) throws -> Void
  /// Inputs to start from.
  let seeds: @Sendable ([Transcript]) -> [[UInt8]]

  static let all: [FuzzTarget] = [.json, .framing, .envelopes, .parameters]
}

/// The error for a property that does not hold for an input.
struct Broken: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// Throws unless the condition holds.
func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
  if !condition { throw Broken(message()) }
}
