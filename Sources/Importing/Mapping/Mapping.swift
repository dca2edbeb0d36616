/// Which fields of a source fill which fields of a message.
public struct Mapping: Hashable, Sendable {
  /// What a field of the source fills.
  enum Target: Hashable, Sendable {
    case field(Field)
    /// A flag that is set where the source's is not.
    case opposite(Field)
    /// A member of the message's data.
    case member(String)
  }

  /// One field of a source and what it fills.
  struct Slot: Hashable, Sendable {
    /// The field's name, followed by the names inside it.
    var path: [String]
    var target: Target
    /// Whether somebody asked for it: then a table has to have it.
    var isGiven = false
  }

  private(set) var slots: [Slot]
  /// What stands for a field that a document lacks.
  private(set) var defaults: [Field: SourceValue] = [:]
  /// The fields that were given to `add`.
  private var given: Set<String> = []
  /// Fields that are known and say nothing.
  let ignored: Set<String>

  private init(_ fields: [(Target, String)], ignored: Set<String>) {
    slots = fields.map { Slot(path: [$1], target: $0) }
    self.ignored = ignored
  }

  /// The fields as the messages of the program that Tidings descends from have them, by motorengine or MongoEngine.
  public static let documents = Mapping(
    Field.allCases.map { (.field($0), $0 == .id ? "_id" : $0.rawValue) }, ignored: ["_cls", "_types"])

  /// The fields of django-notifications-hq, as its format gives them.
  static let dumpdata = Mapping(
    [
      (.field(.id), "pk"), (.field(.reader), "recipient"), (.field(.sender), "user"), (.field(.type), "verb"),
      (.field(.content), "description"), (.field(.time), "timestamp"), (.opposite(.read), "unread"),
      (.field(.deleted), "deleted"), (.member("level"), "level"), (.member("actor"), "actor"),
      (.member("action_object"), "action_object"), (.member("target"), "target"),
      (.member("public"), "public"),
      (.member("emailed"), "emailed"), (.member("data"), "data"),
    ], ignored: [])

  /// A table's or any JSON's fields: as those of messages, if they are called so.
  public static let plain = Mapping(
    Field.allCases.flatMap { [(.field($0), $0.rawValue)] + ($0 == .id ? [(.field($0), "_id")] : []) },
    ignored: [])

  /// Adds `FIELD=NAME`: the field is filled from this one of the source alone, or from none if the name is empty. A `!` before
  /// the name stands for the opposite, dots lead into a field, and `data.MEMBER` fills a member of the data.
  public mutating func add(_ text: String) throws(Problem) {
    guard let equals = text.firstIndex(of: "="), case let name = text[..<equals],
      case var source = text[text.index(after: equals)...], !name.isEmpty
    else { throw Problem("\"\(text)\" is no FIELD=NAME") }
    let isOpposite = source.hasPrefix("!")
    if isOpposite { source.removeFirst() }
    let target: Target
    if name.hasPrefix("data."), !isOpposite, name.count > 5 {
      target = .member(String(name.dropFirst(5)))
    } else if let field = Field(rawValue: String(name)) {
      guard !isOpposite || field.isFlag else { throw Problem("\"\(text)\": only a flag has an opposite") }
      target = isOpposite ? .opposite(field) : .field(field)
    } else {
      throw Problem("\"\(name)\" is no field of a message: \(Self.names), data.MEMBER")
    }
    guard given.insert(String(name)).inserted else { throw Problem("\(name) is filled twice") }
    slots.removeAll { $0.target.isSame(as: target) }
    if !source.isEmpty {
      slots.append(
        Slot(
          path: source.split(separator: ".", omittingEmptySubsequences: false).map(String.init),
          target: target, isGiven: true))
    }
  }

  /// Adds `FIELD=VALUE`: what stands for a field that a document lacks.
  public mutating func addDefault(_ text: String) throws(Problem) {
    guard let equals = text.firstIndex(of: "="), let field = Field(rawValue: String(text[..<equals])),
      field != .id
    else {
      throw Problem("\"\(text)\" is no FIELD=VALUE, whose field is one of \(Self.names)")
    }
    guard defaults[field] == nil else { throw Problem("\(field.rawValue) is given twice") }
    defaults[field] = .text(String(text[text.index(after: equals)...]))
  }

  private static var names: String { Field.allCases.map(\.rawValue).joined(separator: ", ") }
}

extension Mapping.Target {
  /// Whether both fill the same.
  fileprivate func isSame(as other: Mapping.Target) -> Bool {
    switch (self, other) {
    case (.field(let a), .field(let b)), (.opposite(let a), .field(let b)), (.field(let a), .opposite(let b)),
      (.opposite(let a), .opposite(let b)):
      a == b
    case (.member(let a), .member(let b)): a == b
    default: false
    }
  }
}

extension Field {
  /// Whether the field is yes or no.
  var isFlag: Bool {
    switch self {
    case .read, .seen, .archived, .deleted: true
    default: false
    }
  }

  /// Whether an empty text is a value of it.
  var mayBeEmpty: Bool { isFlag || self == .content || self == .username || self == .teamName }
}

/// What a document has in the fields that a mapping names: a value for each of its slots.
public struct SourceValues: Sendable {
  var values: [SourceValue]
  /// The names of its other fields.
  var others: [String] = []

  init(_ mapping: Mapping) { values = Array(repeating: .null, count: mapping.slots.count) }
}
