import API
import ArgumentParser
import Foundation
import Inbox
import JSONRPC
import SQLiteStore

/// Looks whether everything is as it should be.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check the store: reachable, sound, its format, its plans, the limits; say what to do.",
    discussion: """
      Exit status: 0 if all is well, 69 if the store can't be used, 70 if something is wrong with it.
      """)

  @OptionGroup var store: StoreOptions
  @OptionGroup var log: LogOptions

  func run() throws {
    var logger = log.logger()
    // What is found says where the store is.
    if log.logLevel == .info { logger.logLevel = .warning }
    let store = try store.open(logger)
    let examination: Examination
    switch store {
    case let store as SQLiteStore: examination = Examination(try wait { try await store.doctor() })
    default: examination = Examination(facts: [("store", "in memory: gone when the program ends")])
    }
    try wait { try await store.close() }
    print(examination.text)
    if !examination.problems.isEmpty { throw ExitCode(ExitStatus.software.rawValue) }
  }
}

/// What the doctor found.
struct Examination {
  /// Names and values, in order.
  var facts: [(name: String, value: String)]
  /// What somebody should do something about, a sentence each.
  var problems: [String] = []

  /// How it is printed.
  var text: String {
    let limits = Limits()
    let all =
      [("program", "tidings \(tidingsVersion)")] + facts + [
        (
          "limits",
          "requests of \(limits.requestBytes >> 20) MiB, answers of \(limits.answerBytes >> 20) MiB, "
            + "\(limits.inFlight) in flight"
        )
      ]
    let width = all.map(\.0.count).max() ?? 0
    let lines = all.map { $0.0.padding(toLength: width + 2, withPad: " ", startingAt: 0) + $0.1 }
    let verdict = problems.isEmpty ? ["All is well."] : problems.map { "PROBLEM: \($0)" }
    return (lines + verdict).joined(separator: "\n")
  }
}

extension Examination {
  /// An SQLite store's report.
  fileprivate init(_ report: SQLiteReport) {
    let scans = report.plans.count { $0.scans }
    facts = [
      ("store", "sqlite:\(report.path)"),
      ("size", "\(report.size) bytes, and \(report.walSize) in the write-ahead log"),
      ("schema", "version \(report.schemaVersion)"),
      ("SQLite", "\(report.sqliteVersion), journal mode \(report.journalMode)"),
      ("durability", report.isDurable ? "every commit is flushed to the disk" : "NOT flushed to the disk"),
      ("check", report.damage.isEmpty ? "sound" : "\(report.damage.count) faults"),
      ("plans", "\(report.plans.count) statements, \(scans) of them read a whole table"),
    ]
    problems = report.problems
  }
}
