import API
import ArgumentParser
import Inbox
import JSONRPC
import MongoStore
import SQLiteStore

/// Checks that everything is as it should be.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check the store: reachable, sound, its format, its plans, the limits; say what to do.",
    discussion: """
      Exit status: 0 if all is well, 69 if the store can't be used, 70 if something is wrong with it.
      """)

  @OptionGroup var store: StoreOptions
  @OptionGroup var log: LogOptions

  func run() throws {
    var logger = log.logger()
    // The findings tell where the store is.
    if log.logLevel == .info { logger.logLevel = .warning }
    let url = try store.url(makesFolder: false)
    // A file that does not exist has a mistyped name, or is not made yet: the doctor makes none.
    if case .sqlite(let path) = url, !path.exists {
      throw Failure(.unavailable, "there is no file at \(path): tidings serve makes it")
    }
    let store = try StoreOptions.open(url, allowsSharing: store.allowSharedFile, logger)
    let examination: Examination
    do {
      switch store {
      case let store as SQLiteStore: examination = Examination(try wait { try await store.doctor() })
      case let store as MongoStore: examination = Examination(try wait { try await store.checkup() })
      default: examination = Examination(facts: [("store", "in memory: gone when the program ends")])
      }
    } catch StoreError.unavailable(let reason) {
      throw Failure(.unavailable, reason)
    } catch StoreError.damaged(let what) {
      throw Failure(.software, what)
    }
    try wait { try await store.close() }
    try StandardOutput.write(line: examination.text)
    if !examination.problems.isEmpty { throw ExitCode(ExitStatus.software.rawValue) }
  }
}

/// The findings of the doctor.
struct Examination {
  /// The names and values of the facts, in order.
  var facts: [(name: String, value: String)]
  /// The problems that somebody has to solve, one sentence each.
  var problems: [String] = []

  /// The findings as they are printed.
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
    let lines = all.map { $0.0 + String(repeating: " ", count: width + 2 - $0.0.count) + $0.1 }
    let verdict = problems.isEmpty ? ["All is well."] : problems.map { "PROBLEM: \($0)" }
    return (lines + verdict).joined(separator: "\n")
  }
}

extension Examination {
  /// Creates the findings from an SQLite store's report.
  fileprivate init(_ report: SQLiteReport) {
    let scans = report.plans.count { $0.scans }
    facts = [
      ("store", "sqlite:\(report.path)"),
      ("size", "\(report.size) bytes, and \(report.walSize) in the write-ahead log"),
      ("schema", "version \(report.schemaVersion)"),
      ("SQLite", "\(report.sqliteVersion), journal mode \(report.journalMode)"),
      ("durability", report.isDurable ? "every commit is flushed to the disk" : "NOT flushed to the disk"),
      (
        "holds",
        "\(report.counts.messages) messages in \(report.counts.logs) logs, marks of "
          + "\(report.counts.marks) inboxes"
      ),
      ("check", report.faults.isEmpty ? "sound" : "\(report.faults.count) faults"),
      ("plans", "\(report.plans.count) statements, \(scans) of them read a whole table"),
    ]
    problems = report.problems
  }
}

extension Examination {
  /// Creates the findings for a MongoDB store: "name: value" each, with an explanation or advice.
  fileprivate init(_ findings: [MongoStoreFinding]) {
    facts = findings.map { finding in
      let parts = finding.what.split(separator: ": ", maxSplits: 1).map(String.init)
      let advice = finding.advice.map { " (\($0))" } ?? ""
      return parts.count == 2 ? (parts[0], parts[1] + advice) : ("", finding.what + advice)
    }
    problems = findings.filter { !$0.isWell }.map { finding in
      finding.what + (finding.advice.map { ": \($0)" } ?? "")
    }
  }
}
