/// Values by key up to a weight in all; what was not used longest goes first. Each step takes the same time
/// whatever there is: the entries are a list in the order of their use, linked by their places in an array.
struct RecentlyUsed<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct Entry {
    var key: Key
    var value: Value
    var weight: Int
    /// The next one used later and the next one used earlier; -1 at the ends.
    var later: Int
    var earlier: Int
  }

  private let capacity: Int
  private var places: [Key: Int] = [:]
  private var entries: [Entry?] = []
  private var free: [Int] = []
  private var newest = -1
  private var oldest = -1
  /// The weight of all entries.
  private(set) var weight = 0

  init(capacity: Int) { self.capacity = capacity }

  /// How many entries there are.
  var count: Int { places.count }

  /// A key's value, which counts as used.
  mutating func use(_ key: Key) -> Value? {
    guard let place = places[key] else { return nil }
    unlink(place)
    link(place)
    return entries[place]?.value
  }

  /// A key's value; does not count as used.
  func look(_ key: Key) -> Value? { places[key].flatMap { entries[$0]?.value } }

  /// Sets a key's value, which counts as used, and lets go of what has no more room: also of this one, if it is
  /// heavier than all may be.
  mutating func set(_ key: Key, _ value: Value, weight new: Int) {
    if let place = places[key] {
      unlink(place)
      weight += new - (entries[place]?.weight ?? 0)
      entries[place]?.value = value
      entries[place]?.weight = new
      link(place)
    } else {
      let entry = Entry(key: key, value: value, weight: new, later: -1, earlier: -1)
      let place = free.popLast() ?? entries.count
      if place == entries.count { entries.append(entry) } else { entries[place] = entry }
      places[key] = place
      weight += new
      link(place)
    }
    while weight > capacity, oldest >= 0 { remove(oldest) }
  }

  private mutating func remove(_ place: Int) {
    unlink(place)
    guard let entry = entries[place] else { return }
    weight -= entry.weight
    places[entry.key] = nil
    entries[place] = nil
    free.append(place)
  }

  /// Makes an entry that is in no list the newest.
  private mutating func link(_ place: Int) {
    entries[place]?.later = -1
    entries[place]?.earlier = newest
    if newest >= 0 { entries[newest]?.later = place } else { oldest = place }
    newest = place
  }

  private mutating func unlink(_ place: Int) {
    guard let entry = entries[place] else { return }
    if entry.later >= 0 { entries[entry.later]?.earlier = entry.earlier } else { newest = entry.earlier }
    if entry.earlier >= 0 { entries[entry.earlier]?.later = entry.later } else { oldest = entry.later }
  }
}
