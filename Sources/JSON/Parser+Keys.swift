extension Parser {
  /// Refuses an object with two equal keys; returns its number of members.
  ///
  /// The object's entries are those from `object` + 2 to `end`. Keys are equal if they are equal after
  /// unescaping.
  func refuseDuplicateKeys(_ object: Int, end: Int) throws(JSONError) -> Int {
    /// A set of short hashes of the keys so far, one bit each. Keys are compared only if the bit is already
    /// set.
    var seen: UInt64 = 0
    var members = 0
    var key = object &+ 2
    while key < end {
      let bit = withKey(key) { 1 << (shortHash($0) >> 58) as UInt64 }
      if seen & bit != 0 {
        var earlier = object &+ 2
        while earlier != key {
          if areEqual(earlier, key) { throw duplicate(key) }
          earlier = index(after: earlier &+ 1)
        }
      }
      seen |= bit
      members &+= 1
      key = index(after: key &+ 1)
      if members == Self.mostMembersCompared, key < end {
        return try refuseDuplicateKeysByHash(object, end: end)
      }
    }
    return members
  }

  /// The largest number of members for which comparing is cheaper than hashing. It bounds the comparisons
  /// that hostile keys can cause.
  private static var mostMembersCompared: Int { 24 }

  /// The same for objects of any size, in time proportional to the size: the hash has a random seed.
  @inline(never)
  private func refuseDuplicateKeysByHash(_ object: Int, end: Int) throws(JSONError) -> Int {
    var members = 0
    var key = object &+ 2
    while key < end {
      members &+= 1
      key = index(after: key &+ 1)
    }
    // There are two to four times as many slots as keys. A slot holds an entry's index above 32 bits of its
    // hash.
    let mask = (2 << (Int.bitWidth - members.leadingZeroBitCount)) - 1
    var slots = [UInt64](repeating: 0, count: mask + 1)
    key = object &+ 2
    while key < end {
      let hash = withKey(key) { bytes in
        var hasher = Hasher()
        hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
        return UInt(bitPattern: hasher.finalize())
      }
      let tag = UInt64(UInt32(truncatingIfNeeded: hash >> 32))
      var slot = Int(truncatingIfNeeded: hash) & mask
      // The index of a key is never 0, so a slot in use is never 0 either.
      while slots[slot] != 0 {
        if slots[slot] & 0xffff_ffff == tag, areEqual(Int(slots[slot] >> 32), key) { throw duplicate(key) }
        slot = (slot + 1) & mask
      }
      slots[slot] = UInt64(key) << 32 | tag
      key = index(after: key &+ 1)
    }
    return members
  }

  private func duplicate(_ key: Int) -> JSONError {
    JSONError(offset: entries[key].start, reason: .duplicateKey)
  }

  private func areEqual(_ a: Int, _ b: Int) -> Bool {
    withKey(a) { first in
      withKey(b) { second in
        guard first.count == second.count, let a = first.baseAddress, let b = second.baseAddress else {
          return first.count == second.count
        }
        return equal(a, b, count: first.count)
      }
    }
  }

  /// Calls `body` with a key's bytes after unescaping.
  @inline(__always)
  private func withKey<R>(_ key: Int, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
    let entry = entries[key]
    // The bytes between the quotes of a string that was parsed.
    let content = UnsafeBufferPointer(start: text + entry.start + 1, count: entry.end &- entry.start &- 2)
    return entry.flag ? withUnescaped(content, body) : body(content)
  }

  /// A hash of the length and the first and last eight bytes: cheap, and good enough for the keys of a small
  /// object.
  @inline(__always)
  private func shortHash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    guard let base = bytes.baseAddress else { return 0 }
    let count = bytes.count
    var mixed = UInt64(count)
    if count >= 8 {
      mixed ^= EightBytes(at: base).word &+ EightBytes(at: base + (count &- 8)).word &* 0xff51_afd7_ed55_8ccd
    } else {
      mixed = mixed << 56 ^ EightBytes(short: base, count: count).word
    }
    return (mixed ^ mixed >> 32) &* 0x9e37_79b9_7f4a_7c15
  }
}
