/// A set of sequence numbers, kept as sorted ranges that neither overlap nor touch.
///
/// Its cost follows the number of ranges, never the number of members: "everything up to 10 million is
/// read" is one range. Every set has exactly one representation, one text (`1:500,502:1000`, as an IMAP
/// sequence set) and one encoding, so equal sets have equal texts and equal bytes.
///
/// Members lie in 1 ... `Int.max`. There is no number below 1: the part of an argument below 1 is left out,
/// so that arithmetic on bounds needs no special cases.
///
/// Sets of at most one range allocate nothing.
public struct SequenceSet: Hashable, Sendable {
  /// A run of consecutive members, both ends included; 1 <= `first` <= `last`.
  public struct Span: Hashable, Sendable {
    /// The smallest member.
    public var first: Int
    /// The largest member.
    public var last: Int

    /// The number of members of the run.
    public var count: Int { last - first + 1 }
  }

  var storage: Storage

  /// The empty set.
  public init() {
    storage = .empty
  }

  /// The numbers from `first` to `last`, both included; empty if `last` < `first`.
  public init(_ first: Int, through last: Int) {
    let first = max(first, 1)
    storage = first <= last ? .one(Span(first: first, last: last)) : .empty
  }

  /// The set of one number.
  public init(_ number: Int) {
    self.init(number, through: number)
  }

  /// The set of these numbers, in any order and with any repetitions.
  @inlinable
  public init(numbers: some Sequence<Int>) {
    // Inlined, so that the array is made by code that knows the sequence; an array is passed on as it is.
    self.init(array: Array(numbers))
  }

  @usableFromInline
  init(array numbers: [Int]) {
    var numbers = numbers
    if !zip(numbers, numbers.dropFirst()).allSatisfy({ $0 <= $1 }) { numbers.sort() }
    var builder = SpanBuilder()
    for number in numbers where number >= 1 { builder.append(Span(first: number, last: number)) }
    self.init(builder)
  }

  init(storage: Storage) {
    self.storage = storage
  }

  init(_ builder: consuming SpanBuilder) {
    storage = builder.finish()
  }

  /// The ranges, ascending; at least one number is missing between any two of them.
  public var spans: [Span] {
    switch storage {
    case .empty: []
    case .one(let span): [span]
    case .many(let runs): runs.spans
    }
  }

  /// The number of ranges; O(1).
  public var spanCount: Int {
    switch storage {
    case .empty: 0
    case .one: 1
    case .many(let runs): runs.spans.count
    }
  }

  /// Whether the set is empty.
  public var isEmpty: Bool {
    if case .empty = storage { true } else { false }
  }

  /// The number of members; O(1).
  public var count: Int {
    switch storage {
    case .empty: 0
    case .one(let span): span.count
    case .many(let runs): runs.total
    }
  }

  /// The smallest member, or nil if the set is empty; O(1).
  public var first: Int? {
    extent?.first
  }

  /// The largest member, or nil if the set is empty; O(1).
  public var last: Int? {
    extent?.last
  }

  /// The smallest range that covers the set; nil if the set is empty.
  var extent: Span? {
    switch storage {
    case .empty: nil
    case .one(let span): span
    case .many(let runs): runs.extent
    }
  }

  /// Whether `n` is a member; O(log ranges).
  public func contains(_ n: Int) -> Bool {
    switch storage {
    case .empty:
      return false
    case .one(let span):
      return span.first <= n && n <= span.last
    case .many(let runs):
      let index = runs.firstSpan(endingAtOrAfter: n)
      return index < runs.spans.count && runs.spans[index].first <= n
    }
  }
}
