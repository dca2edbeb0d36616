import Inbox

/// Collects the bytes of a key, so that keys are ordered by their parts when their bytes are compared.
struct KeyWriter {
  private(set) var bytes: [UInt8] = []

  init() { bytes.reserveCapacity(64) }

  /// Writes a text that ends before any longer one.
  mutating func write(_ text: Text) {
    var string = text.string
    string.withUTF8 { write(bytes: $0) }
  }

  /// Writes bytes that end before any longer ones.
  mutating func write(bytes part: some Sequence<UInt8>) {
    for byte in part {
      bytes.append(byte)
      if byte == 0 { bytes.append(0xFF) }
    }
    bytes.append(0)
    bytes.append(0)
  }

  mutating func write(_ number: Int64) { write(UInt64(bitPattern: number ^ .min)) }

  mutating func write(_ number: UInt64) {
    withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func write(byte: UInt8) { bytes.append(byte) }

  /// Writes bytes up to the end of the key.
  mutating func write(rest: [UInt8]) { bytes += rest }
}
