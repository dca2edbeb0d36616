/// The reason why a database can't be used, however long one waits. `description` is one sentence for the
/// person who starts the program; it contains no credentials.
public enum MongoStoreOpenError: Error, Hashable, Sendable, CustomStringConvertible {
  /// libmongoc can't be used.
  case library(String)
  /// The connection string is not valid.
  case uri(String)
  /// The server refuses the credentials.
  case credentials
  /// The user may not read and write.
  case rights
  /// The layout was written by a newer Tidings.
  case newerVersion(found: Int, known: Int)
  /// A collection or an index is not as it should be.
  case layout(String, advice: String)
  /// The layout is older than that of the first release, and can't be migrated.
  case olderVersion(found: Int, known: Int)
  /// The server is too old.
  case oldServer(String, oldest: String)

  /// The fault and the remedy, in one sentence.
  public var description: String {
    switch self {
    case .library(let reason), .uri(let reason):
      reason
    case .credentials:
      "MongoDB refuses the credentials: check user, password and authSource of the URI"
    case .rights:
      "the MongoDB user lacks rights: grant it the role readWrite on the URI's database"
    case .newerVersion(let found, let known):
      "the database has layout version \(found) and this program knows \(known): use a newer one"
    case .layout(let what, let advice):
      "the database can't be used: \(what): \(advice)"
    case .olderVersion(let found, let known):
      "the database has layout version \(found), from before the first release, and this program needs \(known): "
        + "use an empty database"
    case .oldServer(let version, let oldest):
      "MongoDB \(version) is too old: \(oldest) or later is needed"
    }
  }
}
