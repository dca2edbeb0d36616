import API
import ArgumentParser
import Inbox
import JSONRPC

/// Checks that everything is as it should be.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check the store: connection, integrity, schema, query plans and limits; say what to repair.",
    discussion: """
      Exit status: 0 if all is well, 69 if the store can't be used, 70 if it has a problem.
      """)

  @OptionGroup var store: StoreOptions
  @OptionGroup var log: LogOptions

  func run() throws {
    let url = try store.url(makesFolder: false)
    // A file that does not exist has a mistyped name, or is not made yet: the doctor makes none.
    if case .sqlite(let path) = url, !path.exists {
      throw CommandError(.unavailable, "there is no file at \(path): tidings serve creates it")
    }
    // The findings tell where the store is.
    let store = try StoreOptions.open(
      url, allowsSharing: store.allowSharedFile, log.logger(isQuiet: true))
    let findings: [Finding]
    do {
      findings = try wait { try await store.checkup(.contract) }
    } catch StoreError.unavailable(let reason) {
      throw CommandError(.unavailable, reason)
    } catch StoreError.damaged(let what) {
      throw CommandError(.software, what)
    }
    try wait { try await store.close() }
    try StandardOutput.write(line: Self.text(findings))
    if !findings.allSatisfy(\.isWell) { throw ExitCode(ExitStatus.software.rawValue) }
  }

  /// The findings as they are printed: a line for each fact, then the problems.
  private static func text(_ findings: [Finding]) -> String {
    let limits = Limits()
    var facts = [("program", "tidings \(tidingsVersion)")]
    var problems: [String] = []
    for finding in findings {
      switch finding {
      case .fact(let subject, let sentence): facts.append((subject, sentence))
      case .problem(let sentence): problems.append("PROBLEM: \(sentence)")
      }
    }
    facts.append(
      (
        "limits",
        "requests of \(limits.requestBytes >> 20) MiB, answers of \(limits.answerBytes >> 20) MiB, "
          + "\(limits.inFlight) in flight"
      ))
    let width = facts.map(\.0.count).max() ?? 0
    let lines = facts.map { $0.0 + String(repeating: " ", count: width + 2 - $0.0.count) + $0.1 }
    return (lines + (problems.isEmpty ? ["All is well."] : problems)).joined(separator: "\n")
  }
}
