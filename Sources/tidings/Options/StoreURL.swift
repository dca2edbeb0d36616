import SQLiteStore

/// The place where messages are kept, as `--store` names it.
enum StoreURL: Hashable {
  /// In memory, until the program ends.
  case memory
  /// In one file.
  case sqlite(path: FilePath)
  /// In a MongoDB database.
  case mongodb(uri: String)

  /// The reason why a text names no store, and the text to write instead.
  struct Refusal: Error {
    let sentence: String
  }

  /// Parses the value of `--store`. `home` replaces a `~` at the start of a path.
  init(_ text: String, home: String?) throws(Refusal) {
    if text == "memory:" {
      self = .memory
    } else if text.hasPrefix("sqlite:") {
      self = .sqlite(path: FilePath(bytes: try Self.path(text, home: home).systemBytes))
    } else if text.hasPrefix("mongodb://") || text.hasPrefix("mongodb+srv://") {
      guard !text.hasStandIns else { throw Refusal(sentence: "the URI is not UTF-8") }
      self = .mongodb(uri: text)
    } else {
      throw Self.unknown(text)
    }
  }

  /// The number of descriptors that the store and the rest of the program may need.
  var descriptors: Int {
    switch self {
    case .memory, .sqlite: 32
    // One connection for each thread of the pool and each server of a replica set.
    case .mongodb: 96
    }
  }

  private static let rule = "a store is sqlite:PATH, mongodb://..., mongodb+srv://... or memory:"

  private static func unknown(_ text: String) -> Refusal {
    let name = text.prefix { $0 != ":" && $0 != "/" && $0 != "." }.lowercased()
    if ["memory", ":memory:"].contains(text.lowercased()) {
      return Refusal(sentence: "\"\(text)\" is not a store: for a store in memory, write memory:")
    }
    if name == "file" {
      let path = text.dropFirst("file:".count)
      return Refusal(sentence: "\"\(text)\" is not a store: write sqlite:\(path)")
    }
    // Any word with a colon behind it may be a scheme.
    let hasScheme = text.dropFirst(name.count).hasPrefix(":")
    if text.isEmpty || hasScheme { return Refusal(sentence: "\"\(text)\" is not a store: \(rule)") }
    return Refusal(sentence: "\"\(text)\" has no scheme: write sqlite:\(text)")
  }

  /// The path in `sqlite:PATH`, where `sqlite:///PATH` and `sqlite:////PATH` name the file `/PATH`.
  private static func path(_ text: String, home: String?) throws(Refusal) -> String {
    var path = text.dropFirst("sqlite:".count)
    func refusal(_ why: String) -> Refusal { Refusal(sentence: "\"\(text)\" \(why)") }
    if path.hasPrefix("//") {
      guard path.hasPrefix("///") else {
        throw refusal("names a host: write sqlite:\(path.dropFirst(2)), or sqlite:/ for a path from the root")
      }
      path = path.drop { $0 == "/" }
      path = "/" + path
    }
    guard !path.isEmpty, path != "/" else { throw refusal("names no file: write sqlite:PATH") }
    if path == ":memory:" { throw refusal("is not a file: for a store in memory, write memory:") }
    if path.hasPrefix("file:") {
      throw refusal("is not a path: write sqlite:\(path.dropFirst("file:".count))")
    }
    // This comes after the check of the scheme: the error must not show a password that was put there by
    // mistake.
    if let colon = path.firstIndex(of: ":"), path[colon...].hasPrefix("://") {
      throw refusal("is a URL behind sqlite:, which takes the path of a file")
    }
    if let question = path.firstIndex(of: "?"), path[question...].dropFirst().beginsWithOption {
      throw refusal("has options, which a file does not take: write sqlite:\(path[..<question])")
    }
    guard path.hasPrefix("~") else { return String(path) }
    guard path == "~" || path.hasPrefix("~/") else {
      throw refusal("names another user's home: write the full path (./\(path) for a name with ~)")
    }
    guard let home else { throw refusal("needs a home folder, and this user has none: write the full path") }
    guard path.count > 2 else { throw refusal("names no file: write sqlite:~/PATH") }
    return home + path.dropFirst()
  }
}

extension Substring {
  /// Whether the text begins with `name=`, as the query of a URL does; a file's name may contain a question
  /// mark too.
  fileprivate var beginsWithOption: Bool {
    let name = prefix { $0.isLetter || $0 == "_" }
    return !name.isEmpty && dropFirst(name.count).hasPrefix("=")
  }
}
