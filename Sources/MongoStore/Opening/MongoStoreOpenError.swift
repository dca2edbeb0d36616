/// Why a database can't be used, whatever one waits. `description` is one sentence for the person who starts
/// the program; it holds no credentials.
public enum MongoStoreOpenError: Error, Hashable, Sendable, CustomStringConvertible {
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
  /// The layout is of a version before the first that was released, and can't be brought up.
  case olderVersion(found: Int, known: Int)
  /// The server is too old.
  case oldServer(String, oldest: String)

  /// What is wrong and what to do, in one sentence.
  public var description: String {
    switch self {
    case .uri(let reason):
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
