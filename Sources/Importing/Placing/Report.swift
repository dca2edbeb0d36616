/// What came of a source.
public struct Report: Hashable, Sendable {
  /// Documents that were read.
  public var documents = 0
  /// Those of them that can't be messages.
  public var bad = 0
  /// Documents that were there twice, with the same id.
  public var doubles = 0
  /// Messages in readers' own logs.
  public var own = 0
  /// Messages of shared logs, each made of the copies of all readers.
  public var shared = 0
  /// The copies of which those were made.
  public var merged = 0
  /// Copies that have become messages or marks of their readers.
  public var placed = 0
  /// Logs that hold any of these messages.
  public var logs = 0
  /// Inboxes of which something was marked.
  public var marks = 0
  /// Messages that are read, of `own` and of `merged`.
  public var read = 0
  /// Fields that nothing was made of, with the number of documents that have them.
  public var leftOut: [String: Int] = [:]

  /// Notes the fields of a document of which nothing is made.
  mutating func note(_ names: [String]) {
    for name in names where leftOut[name] != nil || leftOut.count < 100 {
      // A name may be as long as a document.
      leftOut[name.utf8.count > 128 ? "\(name.prefix(64))..." : name, default: 0] += 1
    }
  }
}
