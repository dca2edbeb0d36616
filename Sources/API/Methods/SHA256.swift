/// SHA-256 (FIPS 180-4). Tidings hashes a message of a few hundred bytes with a key now and then; a library for
/// that would cost every start more than all of these.
struct SHA256 {
  private typealias Block = InlineArray<16, UInt32>

  /// The eight words after the blocks so far.
  private var a: UInt32 = 0x6a09_e667
  private var b: UInt32 = 0xbb67_ae85
  private var c: UInt32 = 0x3c6e_f372
  private var d: UInt32 = 0xa54f_f53a
  private var e: UInt32 = 0x510e_527f
  private var f: UInt32 = 0x9b05_688c
  private var g: UInt32 = 0x1f83_d9ab
  private var h: UInt32 = 0x5be0_cd19

  /// The 32 bytes of a message's digest.
  static func digest(_ message: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    let bytes = message.span
    var block = Block(repeating: 0)
    var start = 0
    while start + 64 <= bytes.count {
      for index in 0..<16 {
        let place = start + 4 * index
        block[index] = word(bytes[place], bytes[place + 1], bytes[place + 2], bytes[place + 3])
      }
      hash.take(block)
      start += 64
    }
    // The rest, then a bit that is set, then zeros, and at the very end the length in bits.
    func last(_ place: Int) -> UInt8 {
      place < bytes.count ? bytes[place] : place == bytes.count ? 0x80 : 0
    }
    while true {
      for index in 0..<16 {
        let place = start + 4 * index
        block[index] = word(last(place), last(place + 1), last(place + 2), last(place + 3))
      }
      start += 64
      guard start < bytes.count + 9 else { break }
      hash.take(block)
    }
    let bits = UInt64(bytes.count) << 3
    block[14] = UInt32(truncatingIfNeeded: bits >> 32)
    block[15] = UInt32(truncatingIfNeeded: bits)
    hash.take(block)
    return hash.bytes
  }

  private var bytes: [UInt8] {
    [UInt8](capacity: 32) { output in
      for word in [a, b, c, d, e, f, g, h] {
        for shift in [24, 16, 8, 0] { output.append(UInt8(truncatingIfNeeded: word >> shift)) }
      }
    }
  }

  private static func word(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) -> UInt32 {
    UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
  }

  /// Takes one block of 64 bytes.
  private mutating func take(_ block: Block) {
    let before = self
    // The last sixteen words of the schedule, the one of round n at n mod 16.
    var words = block
    for round in 0..<64 {
      if round >= 16 {
        let (old, new) = (words[(round - 15) & 15], words[(round - 2) & 15])
        let low = old.rotated(7) ^ old.rotated(18) ^ old >> 3
        let high = new.rotated(17) ^ new.rotated(19) ^ new >> 10
        words[round & 15] &+= low &+ words[(round - 7) & 15] &+ high
      }
      let choice = e & f ^ ~e & g
      let mix = e.rotated(6) ^ e.rotated(11) ^ e.rotated(25)
      let first = h &+ mix &+ choice &+ Self.constants[round] &+ words[round & 15]
      let majority = a & b ^ a & c ^ b & c
      let second = (a.rotated(2) ^ a.rotated(13) ^ a.rotated(22)) &+ majority
      (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
    }
    a &+= before.a
    b &+= before.b
    c &+= before.c
    d &+= before.d
    e &+= before.e
    f &+= before.f
    g &+= before.g
    h &+= before.h
  }

  /// The fractional parts of the cube roots of the first 64 primes.
  private static let constants: InlineArray<64, UInt32> = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
  ]
}

extension UInt32 {
  fileprivate func rotated(_ count: UInt32) -> UInt32 { self &>> count | self &<< (32 &- count) }
}
