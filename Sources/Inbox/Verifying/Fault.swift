/// One fault that was found in a store.
public struct Fault: Hashable, Sendable {
  /// The kind.
  public var kind: FaultKind
  /// Where it is.
  public var place: Place
  /// The number of messages, logs or marks that have it from this place on.
  public var count: Int
  /// What a repair does about it; nil if nothing can be done here.
  public var mending: String?
  /// Whether it was mended.
  public var isMended = false

  /// Creates a fault; by default a repair does what it does about all of the kind.
  public init(_ kind: FaultKind, _ place: Place, count: Int = 1, mending: String? = nil) {
    (self.kind, self.place, self.count, self.mending) = (kind, place, count, mending ?? kind.mending)
  }

  /// Whether a repair can mend it.
  public var isMendable: Bool { mending != nil }

  /// What is done about messages of which nobody knows to which log they belonged.
  public static let collected =
    "put, without its key, at the end of a team named \"\(LogName.lostAndFound)\" and a number"

  /// The place of a fault: names and numbers, never what a message says.
  public enum Place: Hashable, Sendable {
    /// A message.
    case message(MessageName)
    /// A log.
    case log(LogName)
    /// The marks of an inbox.
    case inbox(Inbox)
    /// Something that has no name of these: a row, a document, an index.
    case other(String)
  }
}

extension Fault.Place: CustomStringConvertible {
  /// The place in words.
  public var description: String {
    switch self {
    case .message(let message): "\(message.log.title), number \(message.seq) (\(message.nid))"
    case .log(let log): log.title
    case .inbox(let inbox): inbox.own.title
    case .other(let what): what
    }
  }

  /// The shortest name: a message's `nid`, for instance.
  public var short: String { if case .message(let message) = self { message.nid } else { description } }
}

extension LogName {
  /// The log in words.
  public var title: String {
    switch kind {
    case .team(let team): "the team \(team.string)"
    case .member(let team, let user): "the messages of \(user.string) in the team \(team.string)"
    case .everyone: "the announcements"
    case .account(let user): "the account \(user.string)"
    }
  }

  /// The beginning of the name of a team that gets messages whose log is not known any more.
  static let lostAndFound = "lost+found"

  /// The log that messages get whose own log is not known any more; `mark` tells several of them apart.
  public static func lostAndFound(_ mark: String) -> LogName { .team(Text("\(lostAndFound) \(mark)")) }
}

/// What was found, by kind: all of it is counted, and the first places of each kind are kept.
public struct FaultTally: Hashable, Sendable {
  /// The number of places that are kept of each kind.
  public var named: Int
  /// The number of faults of each kind.
  public private(set) var counts: [FaultKind: Int] = [:]
  private var places: [FaultKind: [Fault]] = [:]
  /// How many of them were mended: what is done next must not depend on how many places are kept.
  private var mended: [FaultKind: Int] = [:]

  /// Creates an empty tally.
  public init(named: Int) { self.named = named }

  /// Whether nothing was found.
  public var isEmpty: Bool { counts.isEmpty }

  /// The kinds that were found, in the order of their declaration.
  public var kinds: [FaultKind] { FaultKind.allCases.filter { counts[$0] != nil } }

  /// Whether there is a fault of a kind.
  public func has(_ kind: FaultKind) -> Bool { counts[kind] != nil }

  /// Whether any fault was mended.
  public var hasMended: Bool { !mended.isEmpty }

  /// Whether all faults of a kind were mended; true if there is none.
  public func areMended(_ kind: FaultKind) -> Bool { counts[kind] == mended[kind] }

  /// The first faults of a kind.
  public subscript(_ kind: FaultKind) -> [Fault] { places[kind] ?? [] }

  /// Adds a fault.
  public mutating func add(_ fault: Fault) {
    counts[fault.kind, default: 0] += fault.count
    if fault.isMended { mended[fault.kind, default: 0] += fault.count }
    if places[fault.kind]?.count ?? 0 < named { places[fault.kind, default: []].append(fault) }
  }

  /// Adds what another tally holds.
  public mutating func merge(_ other: FaultTally) {
    counts.merge(other.counts, uniquingKeysWith: +)
    mended.merge(other.mended, uniquingKeysWith: +)
    for (kind, faults) in other.places {
      places[kind] = Array(((places[kind] ?? []) + faults).prefix(named))
    }
  }
}
