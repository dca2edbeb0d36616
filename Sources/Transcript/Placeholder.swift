/// A string in a pattern that matches more than itself, such as `<nid:a>` or `<time>`.
enum Placeholder: Equatable, Sendable {
  /// A string that isn't empty, the same wherever the name occurs.
  case nid(String)
  case cursor(String)
  /// A time in UTC with milliseconds. If it has a name, it is the same wherever the name occurs.
  case time(String?)
  case string
  case number
  case any

  /// Creates a placeholder from its text; nil for any other string.
  init?(_ text: String) {
    guard text.hasPrefix("<"), text.hasSuffix(">"), text.utf8.count > 2 else { return nil }
    let inner = text.dropFirst().dropLast()
    let parts = inner.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let name = parts.count == 2 ? String(parts[1]) : nil
    guard name?.isEmpty != true, name?.contains(where: { "<>".contains($0) }) != true else { return nil }
    switch (parts[0], name) {
    case ("nid", let name?): self = .nid(name)
    case ("cursor", let name?): self = .cursor(name)
    case ("time", let name): self = .time(name)
    case ("string", nil): self = .string
    case ("number", nil): self = .number
    case ("any", nil): self = .any
    default: return nil
    }
  }

  /// The key to which a value is bound; nil if this placeholder binds nothing.
  var binding: Bindings.Key? {
    switch self {
    case .nid(let name): Bindings.Key(kind: .nid, name: name)
    case .cursor(let name): Bindings.Key(kind: .cursor, name: name)
    case .time(let name?): Bindings.Key(kind: .time, name: name)
    case .time(nil), .string, .number, .any: nil
    }
  }
}

/// The values of the placeholders of a conversation.
struct Bindings: Sendable {
  struct Key: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
      case nid, cursor, time
    }
    var kind: Kind
    var name: String
  }

  private var values: [Key: String] = [:]
  private var nids: Set<String> = []

  subscript(key: Key) -> String? { values[key] }

  /// Binds a name to `value`, and returns whether that is possible beside these bindings and `others`. Two
  /// names never stand for the same nid.
  mutating func bind(_ key: Key, to value: String, beside others: Bindings = Bindings()) -> Bool {
    if let bound = values[key] ?? others.values[key] { return bound == value }
    if key.kind == .nid, others.nids.contains(value) || !nids.insert(value).inserted { return false }
    values[key] = value
    return true
  }

  /// Adds other bindings, which were made beside these.
  mutating func merge(_ others: Bindings) {
    for (key, value) in others.values { values[key] = value }
    nids.formUnion(others.nids)
  }
}
