/// The reason why one document of a source can't be a message: a sentence that names fields and never shows what they
/// hold.
public struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
  /// The sentence.
  public let description: String

  /// Creates a problem.
  public init(_ sentence: String) { description = sentence }
}

/// The reason why a whole source can't be read on.
public struct SourceFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// The sentence.
  public let description: String

  /// Creates a failure.
  public init(_ sentence: String) { description = sentence }
}

/// The place of a document in its source, for people who look for it.
public enum Place: Hashable, Sendable, CustomStringConvertible {
  /// The document's own id, as text.
  case id(String)
  /// The line of a file on which the document begins, from 1.
  case line(Int)

  /// The place in words.
  public var description: String {
    switch self {
    // An id may be as long as a document.
    case .id(let id): "document \(id.prefix(128))\(id.count > 128 ? "..." : "")"
    case .line(let number): "line \(number)"
    }
  }
}
