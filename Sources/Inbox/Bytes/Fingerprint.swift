extension Sequence<UInt8> {
  /// The FNV-1a hash of the bytes: the same in every process and version.
  var fingerprint: UInt64 {
    reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }
}
