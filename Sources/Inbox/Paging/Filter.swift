/// A filter of a listing; it combines with every view and order.
public struct Filter: Hashable, Sendable {
  /// The reader who must be a message's sender or receiver for the message to pass; nil for all.
  public var concerning: Text?
  /// The types of messages that pass; empty for all.
  public var types: [Text]

  /// Creates a filter; by default one that everything passes.
  public init(concerning: Text? = nil, types: [Text] = []) {
    self.concerning = concerning
    self.types = types
  }

  /// Whether everything passes.
  public var isEmpty: Bool { concerning == nil && types.isEmpty }

  /// The numbers of `log` up to `head` that pass; costs one index key for each match.
  func matches(in log: LogName, through head: Int, _ reader: any StoreReader) throws -> SequenceSet {
    func union(_ fields: [MessageField]) throws -> SequenceSet {
      try fields.reduce(into: SequenceSet()) { set, field in
        set.formUnion(try reader.numbers(in: log, where: field, from: 1, through: head))
      }
    }
    guard let user = concerning else { return try union(types.map { .type($0) }) }
    let concerned = try union([.sender(user), .receiver(user)])
    return types.isEmpty ? concerned : concerned.intersection(try union(types.map { .type($0) }))
  }
}
