/// The reason why a database can't be used, however long one waits. `description` is one sentence for the
/// person who starts the program; it contains no credentials.
public enum MongoStoreOpenError: Error, Hashable, Sendable, CustomStringConvertible {
  case library(String)
  case uri(String)
  case credentials
  case rights
  case newerVersion(found: Int, known: Int)
  case layout(String, advice: String)
  case olderVersion(found: Int, known: Int)
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
