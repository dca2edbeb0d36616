import Mongo

/// Documents as MongoDB keeps them.
public struct BSONDocuments: Sendable {
  private let mapping: Mapping
  /// The fields of the last documents by their places: most documents have the same ones in the same order.
  private var known: [KnownField] = []

  private struct KnownField {
    var name: String
    /// What is filled from it.
    var slots: [Int]
    /// Whether it is named as left out.
    var isOther: Bool
  }

  /// Creates the format for these fields.
  public init(_ mapping: Mapping) { self.mapping = mapping }

  /// What a document has in the fields of the mapping.
  public mutating func values(_ document: BSONDocument) -> Result<SourceValues, Problem> {
    var values = SourceValues(mapping)
    do throws(BSONError) {
      var reader = BSONReader(document)
      var place = 0
      while let element = try reader.next() {
        if place >= known.count || !(element.key == known[place].name) { try learn(element.key, at: place) }
        for slot in known[place].slots {
          values.values[slot] = try SourceValue(at: mapping.slots[slot].path.dropFirst(), of: element)
        }
        if known[place].isOther { values.others.append(known[place].name) }
        place += 1
      }
    } catch {
      return .failure(Problem("a text in it is not UTF-8, or its bytes are damaged"))
    }
    return .success(values)
  }

  private mutating func learn(_ key: BSONKey, at place: Int) throws(BSONError) {
    let name = try key.string()
    let slots = mapping.slots.indices.filter { mapping.slots[$0].path[0] == name }
    let field = KnownField(
      name: name, slots: slots, isOther: slots.isEmpty && !mapping.ignored.contains(name))
    if place < known.count { known[place] = field } else { known.append(field) }
  }

  /// The place of a document that can't be read: its id, if that can be.
  public func place(of document: BSONDocument) -> Place {
    do throws(BSONError) {
      return .id(
        try document.find("_id").flatMap { (id) throws(BSONError) in try SourceValue(id).plain }
          ?? "without an id")
    } catch {
      return .id("whose id can't be read")
    }
  }
}

extension SourceValue {
  fileprivate init(at path: ArraySlice<String>, of element: BSONElement) throws(BSONError) {
    guard let name = path.first else {
      try self.init(element)
      return
    }
    guard element.type == .document, let inner = try element.document().find(name) else {
      self = .null
      return
    }
    try self.init(at: path.dropFirst(), of: inner)
  }

  /// The value of an element.
  init(_ element: BSONElement) throws(BSONError) {
    switch element.type {
    case .null, .undefined: self = .null
    case .bool: self = .bool(try element.bool())
    case .int32, .int64: self = .integer(try element.int64())
    case .double: self = .double(try element.double())
    case .string: self = .text(try element.string())
    case .date: self = .clock(try element.milliseconds())
    case .objectID: self = .objectID(try element.objectID())
    case .binary: self = try element.uuidText().map { .text($0) } ?? .other
    case .document:
      let document = try element.document()
      // A reference of MongoEngine's: the id of the document that it leads to.
      if try document.find("$ref") != nil, let id = try document.find("$id") {
        try self.init(id)
      } else {
        self = .json(try document.json(depth: 0))
      }
    case .array: self = .json(try element.array().json(depth: 0))
    default: self = .other
    }
  }
}
