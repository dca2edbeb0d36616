/// Where the messages are kept, as `--store` names it.
enum StoreURL: Hashable {
  /// In memory, until the program ends.
  case memory
  /// In one file.
  case sqlite(path: String)

  /// Reads what `--store` was given; nil if it names no store.
  init?(_ argument: String) {
    if argument == "memory:" {
      self = .memory
    } else if argument.hasPrefix("sqlite:"), argument != "sqlite:" {
      self = .sqlite(path: String(argument.dropFirst("sqlite:".count)))
    } else {
      return nil
    }
  }
}
