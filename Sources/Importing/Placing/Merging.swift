import Inbox

/// Finds the messages of which every reader of a team has a copy, among copies of one content that lie within the spread.
///
/// Copies of the very same time belong together first; of what is left a reader's first copy belongs to the first message,
/// and so on.
struct Merging {
  /// Copies of one message lie at most this far apart, in milliseconds.
  static let spread: Int64 = 1_000

  /// A copy.
  struct Member {
    var reader: Text
    var time: Timestamp
    var identity: [UInt8]
    var flags: Copy.Flags
  }

  /// A message of which every reader has a copy.
  struct Found: Hashable {
    /// The time of its first copy.
    var time: Timestamp
    /// The least identity of a copy.
    var identity: [UInt8]
  }

  /// The number of the team's readers.
  let readers: Int

  /// Divides the copies, which are in the order of their times. Calls `found` with each message, and `place` with each copy
  /// and its message; with nil for one that belongs to none. `rest` is empty, and takes copies by reader.
  func divide(
    _ copies: inout Copies, _ rest: inout Copies, found: (Found) throws -> Void,
    place: (Member, Found?) throws -> Void
  ) throws {
    guard readers > 1, copies.count >= readers else {
      try copies.each { try place($0, nil) }
      return
    }
    // Read twice, since nobody knows before the end which rounds are whole.
    var sameTime: [Timestamp: [Found]] = [:]
    var (rounds, time) = (Rounds(), Timestamp?.none)
    func end() throws {
      guard let time, case let whole = rounds.whole(readers), !whole.isEmpty else { return }
      for message in whole { try found(message) }
      sameTime[time] = whole
    }
    try copies.each { copy in
      if copy.time != time {
        try end()
        (rounds, time) = (Rounds(), copy.time)
      }
      rounds.take(copy)
    }
    try end()
    (rounds, time) = (Rounds(), nil)
    var messages: [Found] = []
    try copies.each { copy in
      if copy.time != time { (rounds, time, messages) = (Rounds(), copy.time, sameTime[copy.time] ?? []) }
      let round = rounds.round(of: copy)
      if round < messages.count { try place(copy, messages[round]) } else { try rest.add(copy) }
    }
    rounds = Rounds()
    if rest.count >= readers { try rest.each { rounds.take($0) } }
    messages = rounds.whole(readers)
    for message in messages { try found(message) }
    rounds = Rounds()
    try rest.each { copy in
      let round = rounds.round(of: copy)
      try place(copy, round < messages.count ? messages[round] : nil)
    }
  }

  /// The first copy of each reader, the second of each, and so on; the copies of a reader stand together.
  private struct Rounds {
    private var reader: Text?
    private var readers = 0
    private var count = 0
    /// What the rounds would become, as many as the first reader has.
    private var messages: [Found] = []
    /// The fewest copies of a reader before this one.
    private var fewest = Int.max

    /// The round of the next copy, from 0.
    mutating func round(of copy: Member) -> Int {
      if copy.reader != reader {
        if reader != nil { fewest = min(fewest, count) }
        (reader, readers, count) = (copy.reader, readers + 1, 0)
      }
      count += 1
      return count - 1
    }

    /// Takes the next copy into its round.
    mutating func take(_ copy: Member) {
      let round = round(of: copy)
      if readers == 1 {
        messages.append(Found(time: copy.time, identity: copy.identity))
      } else if round < messages.count {
        messages[round].time = min(messages[round].time, copy.time)
        if copy.identity.lexicographicallyPrecedes(messages[round].identity) {
          messages[round].identity = copy.identity
        }
      }
    }

    /// The messages of the rounds that have a copy of each of so many readers.
    func whole(_ all: Int) -> [Found] {
      readers == all ? Array(messages.prefix(min(fewest, count))) : []
    }
  }
}
