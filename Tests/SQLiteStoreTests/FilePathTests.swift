import Inbox
import Testing

@testable import SQLiteStore

/// Paths are bytes.
struct FilePathTests {
  @Test(arguments: [
    ("a.db", "a.db", "'a.db'"),
    ("grün ü.db", "grün ü.db", "'grün ü.db'"),
    ("a'b", "a'b", "'a'\\''b'"),
    ("a\\b", "a\\\\b", "$'a\\\\b'"),
    ("a\nb\u{1B}[0m", "a\\x0Ab\\x1B[0m", "$'a\\x0Ab\\x1B[0m'"),
    (
      "a\u{7F}\u{85}\u{2028}\u{202E}'", "a\\x7F\\xC2\\x85\\xE2\\x80\\xA8\\xE2\\x80\\xAE'",
      "$'a\\x7F\\xC2\\x85\\xE2\\x80\\xA8\\xE2\\x80\\xAE\\''"
    ),
  ])
  func text(path: String, shown: String, quoted: String) {
    #expect(FilePath(path).description == shown)
    #expect(FilePath(path).quoted == quoted)
  }

  @Test(
    arguments: [
      ([0x63, 0xE9, 0x2E], "c\\xE9."), ([0xC3], "\\xC3"), ([0xC3, 0xA9, 0xA9], "é\\xA9"),
      ([0xFF, 0xFE], "\\xFF\\xFE"),
      ([0xED, 0xA0, 0x80, 0x61], "\\xED\\xA0\\x80a"), ([], ""),
    ] as [([UInt8], String)])
  func bytes(path: [UInt8], shown: String) {
    #expect(FilePath(bytes: path).description == shown)
  }

  @Test func namesThatAreNoTextAreFilesOfTheirOwn() async throws {
    let folder = try ScratchFolder()
    let paths = [0xE8, 0xE9].map {
      FilePath(bytes: Array(folder.path("caf").utf8) + [$0] + Array(".db".utf8))
    }
    for (index, path) in paths.enumerated() {
      let store = try SQLiteStore(path: path)
      #expect(try await store.append(draft("\(index)")).seq == 1)
      try await store.close()
    }
    for (index, path) in paths.enumerated() {
      let store = try SQLiteStore(path: path)
      #expect(try await store.messages().map(\.body.content) == ["\(index)"])
      #expect(try await store.report(.test).path.bytes == path.bytes)
      try await store.close()
    }
  }

  @Test func aNameWithANULIsRefused() throws {
    let folder = try ScratchFolder()
    let path = FilePath(folder.path("a.db") + "\0b")
    #expect(throws: SQLiteOpenError(path, .failed("its name holds a NUL"))) { try SQLiteStore(path: path) }
  }
}
