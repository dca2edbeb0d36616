import Testing

@testable import SQLiteStore

/// The entries of commits in the lock file.
struct CommitRingTests {
  @Test(arguments: [0, 1, 2, 61, 62, 63, 64, 2500, 4094])
  func whatIsWrittenIsRead(count: Int) {
    for commit: UInt32 in [0, 1, 255, 256, 511, 70_000, .max] {
      var file = RingFile()
      let entry = CommitRing.Entry.logs((0..<count).map { UInt64($0) &* 0x9E37_79B9_7F4A_7C15 })
      file.write(entry, of: commit)
      #expect(CommitRing.entry(of: commit, file.read) == entry)
      // Nor is it taken for another one's.
      for other in [commit &+ 1, commit &- 1, commit &+ CommitRing.length, commit &- CommitRing.length] {
        #expect(CommitRing.entry(of: other, file.read) == nil)
      }
    }
  }

  @Test func tooManyLogsAreEverything() {
    var file = RingFile()
    file.write(.logs([UInt64](0..<4095)), of: 7)
    #expect(CommitRing.entry(of: 7, file.read) == .everything)
    file.write(.everything, of: 8)
    #expect(CommitRing.entry(of: 8, file.read) == .everything)
    #expect(file.words.count < 512 + 64 * 10)
  }

  @Test func theBytesThatAreLockedAreNeverWritten() {
    for commit in 0..<UInt32(1000) {
      for entry in [CommitRing.Entry.everything, .logs([1]), .logs([UInt64](0..<1000))] {
        for piece in CommitRing.pieces(entry, of: commit) {
          #expect(piece.offset >= 4096)
          #expect(piece.offset + piece.words.count * 8 <= 1 << 20)
        }
      }
    }
  }

  @Test func entriesDoNotLieInEachOther() {
    var file = RingFile()
    for commit in 0..<CommitRing.length {
      file.write(.logs([UInt64](repeating: UInt64(commit), count: 62)), of: commit)
    }
    for commit in 240..<CommitRing.length {
      file.write(.logs([UInt64](repeating: UInt64(commit), count: 4094)), of: commit)
    }
    for commit in 0..<CommitRing.length {
      let logs = [UInt64](repeating: UInt64(commit), count: commit < 240 ? 62 : 4094)
      #expect(CommitRing.entry(of: commit, file.read) == .logs(logs))
    }
  }

  /// Whoever writes may be killed, or be read, after any of the words.
  @Test(arguments: [1, 3, 62, 63, 200])
  func aTornEntryIsNone(count: Int) {
    let old = RingFile { $0.write(.logs([UInt64](1...UInt64(count))), of: 5) }
    let commit = 5 + CommitRing.length
    let entry = CommitRing.Entry.logs((1...UInt64(count)).map { ~$0 })
    let pieces = CommitRing.pieces(entry, of: commit)
    let size = pieces.map(\.words.count).reduce(0, +)
    for written in 0..<size {
      var file = old
      var left = written
      for piece in pieces {
        file.write(CommitRing.Piece(offset: piece.offset, words: Array(piece.words.prefix(left))))
        left -= min(left, piece.words.count)
      }
      #expect(CommitRing.entry(of: commit, file.read) == nil, "\(written) of \(size) words")
    }
  }

  @Test func anyOtherContentIsNone() {
    var file = RingFile()
    file.write(.logs([1, 2, 3]), of: 9)
    let index = file.words.count - 5
    for word in index..<file.words.count {
      for bit in 0..<64 {
        var damaged = file
        damaged.words[word] ^= 1 << UInt64(bit)
        let entry = CommitRing.entry(of: 9, damaged.read)
        #expect(entry == nil, "bit \(bit) of word \(word)")
      }
    }
    for length in 0..<file.words.count {
      let cut = RingFile(words: Array(file.words.prefix(length)))
      #expect(CommitRing.entry(of: 9, cut.read) == nil)
    }
  }
}

/// A lock file in memory.
struct RingFile {
  var words: [UInt64] = []

  init(words: [UInt64] = []) { self.words = words }

  init(_ fill: (inout RingFile) -> Void) { fill(&self) }

  mutating func write(_ entry: CommitRing.Entry, of commit: UInt32) {
    for piece in CommitRing.pieces(entry, of: commit) { write(piece) }
  }

  mutating func write(_ piece: CommitRing.Piece) {
    let (place, end) = (piece.offset / 8, piece.offset / 8 + piece.words.count)
    if words.count < end { words += [UInt64](repeating: 0, count: end - words.count) }
    words.replaceSubrange(place..<end, with: piece.words)
  }

  func read(_ offset: Int, _ count: Int) -> [UInt64] { Array(words.dropFirst(offset / 8).prefix(count)) }
}
