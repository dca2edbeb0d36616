/// A random number generator whose runs can be repeated from the seed that they print. It is SplitMix64 by
/// Steele, Lea and Flood: small, and with the same numbers everywhere for the same seed.
package struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }

  /// Creates a generator with a new seed, and prints the seed; to repeat a failure, pass the printed number
  /// as `seed`.
  package static func printed(_ name: String = #function, seed: UInt64? = nil) -> SeededGenerator {
    let seed = seed ?? UInt64.random(in: 0 ... .max)
    print("\(name): seed \(seed)")
    return SeededGenerator(seed: seed)
  }
}
