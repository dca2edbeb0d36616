/// Narrows a listing; filters combine with every view and order.
public struct Filter: Hashable, Sendable {
  /// Only messages that this reader sent or whose receiver this reader is.
  public var concerning: Text?
  /// Only messages of these types; empty for all.
  public var types: [Text]

  /// A filter; by default one that lets everything pass.
  public init(concerning: Text? = nil, types: [Text] = []) {
    self.concerning = concerning
    self.types = types
  }

  /// True if everything passes.
  public var isEmpty: Bool { concerning == nil && types.isEmpty }

  /// The numbers of `log` up to `head` that pass; one index key a match.
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
