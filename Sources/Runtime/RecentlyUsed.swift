/// A cache of values by key, bounded by their total weight; the least recently used go first. Each step takes
/// the same time however many there are: the entries are a list in the order of their use, linked by their
/// indices in an array. What a hit needs can be inlined: generic code of another module would go through witness
/// tables, at several times the cost.
public struct RecentlyUsed<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  @usableFromInline
  struct Entry: Sendable {
    @usableFromInline var key: Key
    @usableFromInline var value: Value
    @usableFromInline var weight: Int
  }

  /// An entry's place in the list. Apart from the entry: a use changes links alone, and copies nothing that it holds.
  @usableFromInline
  struct Links: Sendable {
    /// The indices of the next entry used later and the next one used earlier; -1 at the ends.
    @usableFromInline var later: Int
    @usableFromInline var earlier: Int

    @inlinable
    init(later: Int, earlier: Int) { (self.later, self.earlier) = (later, earlier) }
  }

  /// The most total weight.
  public let capacity: Int
  @usableFromInline var places: [Key: Int] = [:]
  @usableFromInline var entries: [Entry?] = []
  @usableFromInline var links: [Links] = []
  @usableFromInline var free: [Int] = []
  @usableFromInline var newest = -1
  @usableFromInline var oldest = -1
  /// The total weight of all entries.
  public private(set) var weight = 0

  /// Creates an empty cache for entries of this total weight.
  public init(capacity: Int) { self.capacity = capacity }

  /// The number of entries.
  public var count: Int { places.count }

  /// The value of a key; counts as a use.
  @inlinable
  public mutating func use(_ key: Key) -> Value? {
    guard let place = places[key] else { return nil }
    if place != newest {
      unlink(place)
      link(place)
    }
    return entries[place]?.value
  }

  /// The value of a key; does not count as a use.
  @inlinable
  public func look(_ key: Key) -> Value? { places[key].flatMap { entries[$0]?.value } }

  /// Sets the value of a key, which counts as a use, and drops the entries that no longer fit: even this one,
  /// if it alone is heavier than the limit.
  public mutating func set(_ key: Key, _ value: Value, weight new: Int) {
    if let place = places[key] {
      unlink(place)
      weight += new - (entries[place]?.weight ?? 0)
      entries[place]?.value = value
      entries[place]?.weight = new
      link(place)
    } else {
      let entry = Entry(key: key, value: value, weight: new)
      let place = free.popLast() ?? entries.count
      if place == entries.count {
        entries.append(entry)
        links.append(Links(later: -1, earlier: -1))
      } else {
        entries[place] = entry
      }
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

  /// Links an entry that is in no list as the newest.
  @inlinable
  mutating func link(_ place: Int) {
    links[place] = Links(later: -1, earlier: newest)
    if newest >= 0 { links[newest].later = place } else { oldest = place }
    newest = place
  }

  @inlinable
  mutating func unlink(_ place: Int) {
    let (later, earlier) = (links[place].later, links[place].earlier)
    if later >= 0 { links[later].earlier = earlier } else { newest = earlier }
    if earlier >= 0 { links[earlier].later = later } else { oldest = later }
  }
}
