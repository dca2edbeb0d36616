import Inbox

/// Finds the messages of which every reader of a team has a copy.
///
/// Copies come team by team; within a team first the number of its readers, then those with the same content together, in the
/// order of their times.
struct Merging {
  /// Copies of one message lie at most this far apart, in milliseconds.
  static let spread: Int64 = 1_000

  /// A copy of the window under way.
  struct Member {
    var reader: Text
    var time: Timestamp
    var identity: [UInt8]
    var flags: Copy.Flags
  }

  /// One message and its copies: one of each reader.
  struct Found {
    var time: Timestamp
    /// The least identity of a copy.
    var identity: [UInt8]
    var copies: [Member]
  }

  /// Divides the copies of one content, all of them within the spread, into messages that every reader has and the rest. Copies
  /// of the very same time belong together first; of what is left a reader's first copy belongs to the first message, and so on.
  static func divide(_ copies: [Member], readers: Int) -> (found: [Found], rest: [Member]) {
    guard readers > 1, copies.count >= readers else { return ([], copies) }
    let sorted = copies.sorted {
      ($0.time, $0.reader, Key($0.identity)) < ($1.time, $1.reader, Key($1.identity))
    }
    var (found, rest): ([Found], [Member]) = ([], [])
    var start = 0
    while start < sorted.count {
      let end = sorted[start...].firstIndex { $0.time != sorted[start].time } ?? sorted.count
      let (same, left) = rounds(sorted[start..<end], readers: readers)
      found += same
      rest += left
      start = end
    }
    rest.sort { ($0.reader, $0.time, Key($0.identity)) < ($1.reader, $1.time, Key($1.identity)) }
    let (near, left) = rounds(rest[...], readers: readers)
    return (found + near, left)
  }

  /// Takes the first copy of each reader, then the second, and so on; the copies of a reader stand together.
  private static func rounds(_ copies: ArraySlice<Member>, readers: Int) -> (found: [Found], rest: [Member]) {
    guard copies.count >= readers else { return ([], Array(copies)) }
    var rounds: [[Member]] = []
    var round = 0
    for index in copies.indices {
      let isSame = index > copies.startIndex && copies[index - 1].reader == copies[index].reader
      round = isSame ? round + 1 : 0
      if round == rounds.count { rounds.append([]) }
      rounds[round].append(copies[index])
    }
    var (found, rest): ([Found], [Member]) = ([], [])
    for round in rounds {
      if round.count == readers {
        let identity = round.map { Key($0.identity) }.min()?.bytes ?? []
        found.append(Found(time: round.map(\.time).min() ?? 0, identity: identity, copies: round))
      } else {
        rest += round
      }
    }
    return (found, rest)
  }

  private struct Key: Comparable {
    let bytes: [UInt8]
    init(_ bytes: [UInt8]) { self.bytes = bytes }
    static func < (a: Key, b: Key) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
  }
}
