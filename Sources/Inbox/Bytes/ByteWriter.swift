/// Collects bytes: single bytes, varints (unsigned LEB128) and byte strings preceded by their length.
/// `ByteReader` reads them back in the same order.
public struct ByteWriter: Sendable {
  /// The bytes written so far.
  public private(set) var bytes: [UInt8] = []

  /// Creates an empty writer with room for `capacity` bytes.
  public init(reservingCapacity capacity: Int = 0) {
    if capacity > 0 { bytes.reserveCapacity(capacity) }
  }

  /// Writes one byte.
  public mutating func writeByte(_ byte: UInt8) {
    bytes.append(byte)
  }

  /// Writes a number in 1 ... 10 bytes: 7 bits in each byte, the lowest first.
  public mutating func writeVarint(_ value: UInt64) {
    var rest = value
    while rest > 0x7F {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// Writes a number in eight bytes, the lowest first: shorter than a varint for a random number.
  public mutating func writeNumber(_ value: UInt64) {
    for shift in stride(from: 0, to: 64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
    }
  }

  /// The number of bytes that `writeVarint` takes for a number that is not negative.
  static func size(ofVarint value: Int) -> Int { max(1, (Int.bitWidth - value.leadingZeroBitCount + 6) / 7) }

  /// Writes `count` varints; `value` returns each by its index. Faster than one at a time.
  @inline(__always)
  mutating func writeVarints(count: Int, _ value: (Int) -> UInt64) {
    let chunk = 256
    var index = 0
    while index < count {
      let end = min(index + chunk, count)
      // Ten bytes hold any varint, so a chunk can't overrun the buffer.
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 10 * chunk) { buffer in
        var used = 0
        while index < end {
          var rest = value(index)
          while rest > 0x7F {
            buffer[used] = UInt8(truncatingIfNeeded: rest) | 0x80
            used &+= 1
            rest >>= 7
          }
          buffer[used] = UInt8(truncatingIfNeeded: rest)
          used &+= 1
          index &+= 1
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[..<used]))
      }
    }
  }

  /// Writes what another writer has written.
  mutating func append(_ other: ByteWriter) { bytes.append(contentsOf: other.bytes) }

  /// Writes the number of these bytes as a varint, then the bytes.
  public mutating func writeBytes(_ string: some Collection<UInt8>) {
    writeVarint(UInt64(string.count))
    bytes.append(contentsOf: string)
  }
}
