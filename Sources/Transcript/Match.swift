import JSON

/// Compares a message with a pattern, and collects every difference instead of stopping at the first, so that
/// the names that a later step needs are bound all the same.
struct Match: Sendable {
  private let known: Bindings
  /// The bindings that this match has added.
  private(set) var added = Bindings()
  /// One sentence for each difference: its place, the expected value and the value that came.
  private(set) var differences: [String] = []

  /// The member of a pattern that allows members which the pattern does not name.
  static let open: StaticString = "<open>"

  init(_ known: Bindings) { self.known = known }

  /// Compares one value; `place` is a JSONPath.
  mutating func compare(_ pattern: JSON, _ value: JSON, at place: String = "$") {
    if let text = pattern.string, let placeholder = Placeholder(text) {
      if !accepts(placeholder, value) { differ(pattern, value, place) }
      return
    }
    switch (pattern.kind, value.kind) {
    case (.object, .object): compareMembers(pattern, value, place)
    case (.array, .array) where pattern.count == value.count:
      for (index, (expected, given)) in zip(pattern.elements, value.elements).enumerated() {
        compare(expected, given, at: "\(place)[\(index)]")
      }
    case (.string, .string):
      if pattern.string != value.string { differ(pattern, value, place) }
    case (.number, .number):
      let isSame = pattern.raw == value.raw || pattern.double == value.double
      if !isSame { differ(pattern, value, place) }
    case (.bool, .bool) where pattern.bool == value.bool: break
    case (.null, .null): break
    default: differ(pattern, value, place)
    }
  }

  private mutating func compareMembers(_ pattern: JSON, _ value: JSON, _ place: String) {
    let isOpen = pattern[Self.open] != nil
    var given = [String: JSON](minimumCapacity: value.count)
    for (key, member) in value.members { given[key.string ?? ""] = member }
    for (key, expected) in pattern.members {
      let name = key.string ?? ""
      if name == "\(Self.open)" { continue }
      if let member = given.removeValue(forKey: name) {
        compare(expected, member, at: "\(place).\(name)")
      } else {
        differences.append("\(place).\(name) is missing")
      }
    }
    if isOpen { return }
    for name in given.keys.sorted() { differences.append("\(place).\(name) was not expected") }
  }

  private mutating func accepts(_ placeholder: Placeholder, _ value: JSON) -> Bool {
    switch placeholder {
    case .any: return true
    case .number: return value.kind == .number
    case .string: return value.kind == .string
    case .nid, .cursor, .time:
      guard let text = value.string, !text.isEmpty else { return false }
      if case .time = placeholder, !Self.isTime(text) { return false }
      return placeholder.binding.map { added.bind($0, to: text, beside: known) } ?? true
    }
  }

  private mutating func differ(_ pattern: JSON, _ value: JSON, _ place: String) {
    differences.append("at \(place): expected \(Self.short(pattern)), got \(Self.short(value))")
  }

  /// The text of a value for people, cut at 200 bytes.
  static func short(_ value: JSON) -> String {
    let text = String(decoding: value.raw.prefix(200), as: UTF8.self)
    return value.raw.count > 200 ? text + "..." : text
  }

  /// Whether a text has the form of `2025-01-31T23:59:59.123Z`.
  private static func isTime(_ text: String) -> Bool {
    let form = "0000-00-00T00:00:00.000Z"
    return text.utf8.count == form.utf8.count
      && zip(text.utf8, form.utf8).allSatisfy { given, wanted in
        wanted == UInt8(ascii: "0") ? (0x30...0x39).contains(given) : given == wanted
      }
  }
}
