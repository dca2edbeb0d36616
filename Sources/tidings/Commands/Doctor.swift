import API
import ArgumentParser
import Foundation
import Inbox
import MongoStore
import SQLiteStore

/// Looks whether everything is as it should be.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check the store: reachable, its format, its plans, its limits; say what to do.",
    discussion:
      "Exit status: 0 if all is well, 69 if the store can't be used, 70 if something is wrong with it.")

  @OptionGroup var store: StoreOptions
  @OptionGroup var log: LogOptions

  func run() throws {
    let store = try store.open(log.logger())
    print("tidings \(tidingsVersion)")
    let findings: [Finding]
    switch store {
    case let store as MongoStore:
      do {
        findings = try waitFor { try await store.checkup() }.map {
          Finding(isWell: $0.isWell, $0.what, advice: $0.advice)
        }
      } catch StoreError.unavailable(let reason) {
        throw Failure(.unavailable, reason)
      }
    default: findings = [Finding(isWell: true, "store: \(store.kind)", advice: "gone when the program ends")]
    }
    for finding in findings { print(finding.line) }
    try store.closeAndWait()
    if findings.contains(where: { !$0.isWell }) { throw ExitCode(ExitStatus.software.rawValue) }
    print("All is well.")
  }
}

/// One thing that was looked at.
struct Finding {
  let isWell: Bool
  let what: String
  let advice: String?

  init(isWell: Bool, _ what: String, advice: String? = nil) {
    self.isWell = isWell
    self.what = what
    self.advice = advice
  }

  /// How it is printed.
  var line: String {
    (isWell ? "  ok    " : "  WRONG ") + what + (advice.map { " (\($0))" } ?? "")
  }
}
