import Inbox

/// What the processes that use a file tell each other of their commits: in the lock file, for each of the latest
/// ones, the logs that it changed. Whoever commits writes an entry while others watch.
///
/// An entry lies at a place that follows from the number of its commit (`LogHeader.commits`), so nobody has to know
/// where the last one ended. It is a hint: it may be late, torn, or missing, since whoever committed was killed or is
/// another program.
enum CommitRing {
  /// What changed with a commit: logs by their fingerprints, or too many of them.
  enum Entry: Hashable, Sendable {
    case logs([UInt64])
    case everything

    /// The entry of which others make this wake.
    init(_ wake: Wake) {
      switch wake {
      case .logs(let logs): self = .logs(logs)
      case .everything: self = .everything
      }
    }
  }

  /// Words to be written at a place in the file, in bytes.
  struct Piece: Hashable {
    var offset: Int
    var words: [UInt64]
  }

  /// The number of commits whose entries are kept.
  static let length: UInt32 = 256
  /// Those who watch hold a shared lock on this byte of the file; the turnstile has those before it.
  static let watched: Int64 = 2

  // In words of 8 bytes. The first page is never written: its bytes are locked. 62 logs fit into a slot; more of them
  // lie in one of the large slots, which the entry in the ordinary one completes.
  private static let start = 512
  private static let slot = 64
  private static let largeSlot = 4096
  private static let largeSlots: UInt32 = 16
  private static let header = 2
  /// The number of logs that stands for too many.
  private static let tooMany = UInt32.max

  private static func place(of commit: UInt32) -> Int { start + Int(commit % length) * slot }

  private static func largePlace(of commit: UInt32) -> Int {
    start + Int(length) * slot + Int(commit % largeSlots) * largeSlot
  }
}

extension CommitRing {
  /// What has to be written for a commit, in this order.
  static func pieces(_ entry: Entry, of commit: UInt32) -> [Piece] {
    guard case .logs(let logs) = entry, logs.count <= largeSlot - header else {
      return [piece(at: place(of: commit), commit, tooMany, [])]
    }
    let count = UInt32(logs.count)
    guard logs.count > slot - header else { return [piece(at: place(of: commit), commit, count, logs)] }
    return [
      piece(at: largePlace(of: commit), commit, count, logs), piece(at: place(of: commit), commit, count, []),
    ]
  }

  /// The entry of a commit; nil if it is not there, or not whole. `read` returns words of the file from an offset in
  /// bytes on: so many, or fewer where the file ends.
  static func entry(of commit: UInt32, _ read: (_ offset: Int, _ words: Int) -> [UInt64]) -> Entry? {
    let place = place(of: commit)
    let words = read(place * 8, slot)
    guard words.count >= header, UInt32(truncatingIfNeeded: words[1]) == commit else { return nil }
    let count = UInt32(words[1] >> 32)
    if count <= slot - header { return logs(Int(count), in: words, at: place).map(Entry.logs) }
    guard logs(0, in: words, at: place) != nil else { return nil }
    guard count <= largeSlot - header else { return .everything }
    let large = largePlace(of: commit)
    let more = read(large * 8, header + Int(count))
    guard more.count >= header, more[1] == words[1] else { return nil }
    return logs(Int(count), in: more, at: large).map(Entry.logs)
  }

  private static func piece(at place: Int, _ commit: UInt32, _ count: UInt32, _ logs: [UInt64]) -> Piece {
    var words = [0, UInt64(commit) | UInt64(count) << 32] + logs
    words[0] = checksum(of: words[1...], at: place)
    return Piece(offset: place * 8, words: words)
  }

  /// The logs of an entry of so many; nil if it is not whole.
  private static func logs(_ count: Int, in words: [UInt64], at place: Int) -> [UInt64]? {
    let end = header + count
    guard words.count >= end, words[0] == checksum(of: words[1..<end], at: place) else { return nil }
    return Array(words[header..<end])
  }

  /// A hash of the words as FNV-1a has it for bytes. Nobody is kept from making an entry: it tells a torn one.
  private static func checksum(of words: ArraySlice<UInt64>, at place: Int) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(place)
    for word in words {
      hash = (hash ^ word) &* 0x100_0000_01B3
      hash ^= hash >> 32
    }
    return hash
  }
}
