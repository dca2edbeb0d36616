/// Base64 with the URL-safe alphabet and no padding (RFC 4648 section 5).
public enum Base64URL {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
    return values
  }()

  /// The text of these bytes.
  public static func encode(_ bytes: [UInt8]) -> String {
    String(unsafeUninitializedCapacity: (bytes.count * 4 + 2) / 3) { buffer in
      bytes.withUnsafeBufferPointer { bytes in
        alphabet.withUnsafeBufferPointer { alphabet in
          var (read, written) = (0, 0)
          // Three bytes are four letters; what is left over is one letter more than it has bytes.
          while read < bytes.count {
            let count = min(3, bytes.count - read)
            var group = UInt32(bytes[read]) << 16
            if count > 1 { group |= UInt32(bytes[read + 1]) << 8 }
            if count > 2 { group |= UInt32(bytes[read + 2]) }
            buffer[written] = alphabet[Int(group >> 18)]
            buffer[written + 1] = alphabet[Int(group >> 12 & 63)]
            if count > 1 { buffer[written + 2] = alphabet[Int(group >> 6 & 63)] }
            if count > 2 { buffer[written + 3] = alphabet[Int(group & 63)] }
            read += count
            written += count + 1
          }
          return written
        }
      }
    }
  }

  /// Decodes a text; nil for a character outside the alphabet, a length that no bytes have, or spare bits
  /// that are not zero: each byte string has exactly one spelling.
  public static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var (group, bits) = (UInt32(0), 0)
    for letter in text {
      let value = values[Int(letter)]
      guard value != 0xFF else { return nil }
      group = group << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
        group &= (1 << UInt32(bits)) - 1
      }
    }
    guard bits < 6, group == 0 else { return nil }
    return bytes
  }
}
