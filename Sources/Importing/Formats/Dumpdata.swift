import JSON

/// What Django's `dumpdata` writes of django-notifications-hq: an array of objects with a model, a key and fields. The models
/// that say which kinds of object there are (`contenttypes`) are taken in; all others are passed over.
public struct Dumpdata: DocumentFormat {
  private let mapping: Mapping
  private var items = JSONItems()
  /// The kinds of object, by their keys.
  private var kinds: [Int64: String] = [:]

  /// Creates the format for these fields.
  public init(_ mapping: Mapping) { self.mapping = mapping }

  /// See `DocumentFormat.take`.
  public mutating func take(_ chunk: [UInt8], _ body: (FoundDocument) throws -> Void) throws {
    var items = items
    defer { self.items = items }
    self.items = JSONItems()
    try items.take(chunk) { try item($0, $1, body) }
  }

  /// See `DocumentFormat.finish`.
  public mutating func finish(_ body: (FoundDocument) throws -> Void) throws {
    var items = items
    try items.finish { try item($0, $1, body) }
  }

  private mutating func item(_ text: ArraySlice<UInt8>, _ line: Int, _ body: (FoundDocument) throws -> Void)
    throws
  {
    let values: Result<SourceValues, Problem>
    do {
      let object = try JSON(parsing: Array(text), maximumDepth: 1_000)
      guard let model = object["model"]?.string, let fields = object["fields"], fields.kind == .object else {
        throw Problem("it is no object of Django's dumpdata")
      }
      if model == "contenttypes.contenttype" {
        kinds(object["pk"], fields)
        return
      }
      guard model == "notifications.notification" || Self.isNotification(fields) else { return }
      values = .success(try notification(object["pk"], fields))
    } catch let error as JSONError {
      values = .failure(Problem("it is no JSON: \(error.reason)"))
    } catch let problem as Problem {
      values = .failure(problem)
    }
    try body(FoundDocument(values: values, line: line))
  }

  /// Whether fields are those of a model that a site has put in the place of the notifications' own.
  private static func isNotification(_ fields: JSON) -> Bool {
    fields["recipient"] != nil && fields["verb"] != nil && fields["unread"] != nil
  }

  private mutating func kinds(_ key: JSON?, _ fields: JSON) {
    guard let key = key?.integer, let app = fields["app_label"]?.string, let model = fields["model"]?.string
    else { return }
    kinds[key] = "\(app).\(model)"
  }

  private func notification(_ key: JSON?, _ fields: JSON) throws(Problem) -> SourceValues {
    var values = SourceValues(mapping)
    values.fill(fields, mapping)
    values.others.removeAll { $0.hasSuffix("_content_type") || $0.hasSuffix("_object_id") }
    for (index, slot) in mapping.slots.enumerated() where slot.path.count == 1 {
      switch slot.path[0] {
      case "pk": values.values[index] = key.map { SourceValue($0) } ?? .null
      case "user": values.values[index] = try user(fields)
      case "actor": values.values[index] = try object(fields["actor_content_type"], fields["actor_object_id"])
      case "target":
        values.values[index] = try object(fields["target_content_type"], fields["target_object_id"])
      case "action_object":
        values.values[index] = try object(
          fields["action_object_content_type"], fields["action_object_object_id"])
      case "data": if case .text(let text) = values.values[index] { values.values[index] = Self.extra(text) }
      default:
        // A key of several names, as --natural-foreign writes it: those of users have one.
        if case .json(let text) = values.values[index], slot.target == .field(.reader) {
          values.values[index] = try Self.natural(text)
        }
      }
    }
    return values
  }

  /// The kind of an object: `auth.user`; nil if the dump does not say.
  private func kind(_ json: JSON?) -> String? {
    if let number = json?.integer { return kinds[number] }
    guard let names = json?.elements.map(\.string), names.count == 2, let app = names[0], let model = names[1]
    else { return nil }
    return "\(app).\(model)"
  }

  /// The actor, if it is a user.
  private func user(_ fields: JSON) throws(Problem) -> SourceValue {
    guard let type = fields["actor_content_type"], !type.isNull else { return .null }
    guard let kind = kind(type) else {
      throw Problem("the kind of its actor is not in the dump: dump contenttypes before notifications")
    }
    return kind.hasSuffix(".user") ? fields["actor_object_id"].map { SourceValue($0) } ?? .null : .null
  }

  /// `{"type": "auth.user", "id": "1"}`.
  private func object(_ type: JSON?, _ id: JSON?) throws(Problem) -> SourceValue {
    guard let type, !type.isNull, let id, !id.isNull else { return .null }
    guard let kind = kind(type) else {
      throw Problem("a kind of object is not in the dump: dump contenttypes before notifications")
    }
    return .json(
      JSONWriter.object { writer in
        writer.member("type", kind)
        if let text = id.string { writer.member("id", text) } else { writer.member("id", raw: id.raw) }
      })
  }

  /// What the host gave with a notification, which some versions write as a text.
  private static func extra(_ text: String) -> SourceValue {
    JSON.isObject(text) ? .json(Array(text.utf8)) : .text(text)
  }

  private static func natural(_ text: [UInt8]) throws(Problem) -> SourceValue {
    do throws(JSONError) {
      let names = try JSON(parsing: text).elements.map { SourceValue($0) }
      if names.count == 1 { return names[0] }
    } catch {
      preconditionFailure("it was parsed as part of a larger text: \(error)")
    }
    throw Problem("recipient is a key of several parts")
  }
}
