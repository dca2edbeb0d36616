import JSON

extension Redaction {
  /// A text without the content of this outline's text, that is refused just as that text was and answered to
  /// the same ids.
  func unreadable(_ outline: Outline) -> String {
    var items: [String] = []
    switch outline.kind {
    case .scalar: return "NaN"
    case .object: return message(outline)
    case .array:
      outline.forEachElement { items.append(Outline(of: $0).map(message) ?? "NaN") }
      // One that can be read would be carried out.
      return "[\(items.joined(separator: ","))]"
    }
  }

  private func message(_ outline: Outline) -> String {
    guard outline.kind == .object else { return "NaN" }
    var members: [String] = []
    outline.forEachMember { key, value in
      guard let name = parse(key) else { return }
      if name.equals("id") { members.append("\"id\":\(parse(value).map(text(ofID:)) ?? "NaN")") }
      for word in ["method", "result", "error"] as [StaticString] where name.equals(word) {
        members.append("\"\(word)\":0")
      }
    }
    return "{\((members + ["\"\":NaN"]).joined(separator: ","))}"
  }

  private func text(ofID id: JSON) -> String {
    var writer = JSONWriter()
    write(id: id, to: &writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  private func parse(_ value: ArraySlice<UInt8>) -> JSON? {
    do { return try JSON(parsing: Array(value)) } catch { return nil }
  }
}
