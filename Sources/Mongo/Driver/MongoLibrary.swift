import CMongoC

/// libmongoc, which the program is not linked with: it is looked for when the first store is made that needs it.
enum MongoLibrary {
  /// Loads it, so that its functions can be called; nil if they can be.
  static func open(_ name: String = "libmongoc-1.0.so.0") -> MongoLibraryError? {
    if let reason = tidings_open_libmongoc(name) { return .missing(reason: String(cString: reason)) }
    guard let function = tidings_lacking_in_libmongoc() else { return nil }
    let version = tidings_version_of_libmongoc().map { String(cString: $0) }
    return .old(version: version ?? "of unknown version", lacks: String(cString: function))
  }
}

/// The reason why libmongoc can't be used.
public enum MongoLibraryError: Error, Sendable, Hashable, CustomStringConvertible {
  /// It can't be loaded, for the loader's reason.
  case missing(reason: String)
  /// A function isn't in it.
  case old(version: String, lacks: String)

  /// The fault and the remedy, in one sentence.
  public var description: String {
    switch self {
    case .missing(let reason):
      "MongoDB needs libmongoc, which can't be loaded (\(reason)): install \(Self.packages)"
    case .old(let version, let lacks):
      "libmongoc \(version) is too old, it has no \(lacks): install a newer one, \(Self.packages)"
    }
  }

  private static let packages =
    "libmongoc-1.0-0 (Debian, Ubuntu), tidings[mongodb] (Python) or tidings-mongodb (Node)"
}
