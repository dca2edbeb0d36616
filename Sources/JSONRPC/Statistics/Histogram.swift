/// Counts durations in buckets whose width grows with the duration: 16 for every power of two, so that a
/// quantile is right within 6%. Allocates its memory at the first duration and none afterwards.
struct Histogram: Sendable {
  private var buckets: [UInt32] = []
  private(set) var count: UInt64 = 0

  private static let subBits = 4
  private static let subCount = 1 << subBits
  /// Durations from 2^40 ns (18 minutes) on count as that duration.
  private static let highestBit = 40

  mutating func record(nanoseconds: UInt64) {
    if buckets.isEmpty {
      buckets = [UInt32](repeating: 0, count: (Self.highestBit - Self.subBits + 2) * Self.subCount)
    }
    buckets[Self.bucket(nanoseconds)] &+= 1
    count += 1
  }

  /// The duration that the given share of all recorded durations does not exceed, in nanoseconds; 0 if there
  /// are none.
  func quantile(_ share: Double) -> UInt64 {
    guard count > 0 else { return 0 }
    let rank = max(1, UInt64((share * Double(count)).rounded(.up)))
    var seen: UInt64 = 0
    for (index, number) in buckets.enumerated() {
      seen += UInt64(number)
      if seen >= rank { return Self.highest(index) }
    }
    return Self.highest(buckets.count - 1)
  }

  private static func bucket(_ value: UInt64) -> Int {
    let value = min(value, (1 << (highestBit + 1)) - 1)
    guard value >= subCount else { return Int(value) }
    let exponent = 63 - value.leadingZeroBitCount
    let mantissa = Int(value >> UInt64(exponent - subBits)) - subCount
    return (exponent - subBits + 1) * subCount + mantissa
  }

  /// The largest duration that a bucket counts, in nanoseconds.
  private static func highest(_ index: Int) -> UInt64 {
    guard index >= subCount else { return UInt64(index) }
    let exponent = index / subCount + subBits - 1
    let mantissa = UInt64(index % subCount + subCount)
    return ((mantissa + 1) << UInt64(exponent - subBits)) - 1
  }
}
