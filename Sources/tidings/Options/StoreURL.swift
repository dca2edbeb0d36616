import ArgumentParser

/// Where the messages are kept, as `--store` names it.
enum StoreURL: Hashable, ExpressibleByArgument {
  /// In memory, until the program ends.
  case memory
  /// In one file.
  case sqlite(path: String)
  /// In a MongoDB database.
  case mongodb(uri: String)

  init?(argument: String) {
    if argument == "memory:" {
      self = .memory
    } else if argument.hasPrefix("sqlite:"), argument != "sqlite:" {
      self = .sqlite(path: String(argument.dropFirst("sqlite:".count)))
    } else if ["mongodb://", "mongodb+srv://"].contains(where: argument.hasPrefix) {
      self = .mongodb(uri: argument)
    } else {
      return nil
    }
  }
}
