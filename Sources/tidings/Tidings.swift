import API
import ArgumentParser
import Foundation

/// The program.
@main
struct Tidings: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tidings",
    abstract: "A notification inbox that any program can host.",
    discussion: """
      A host spawns `tidings`, writes JSON-RPC 2.0 requests to its stdin, one a line, and reads the \
      answers from its stdout. Try it:

        echo '{"jsonrpc":"2.0","id":1,"method":"ping"}' | tidings --store memory:
      """,
    version: tidingsVersion,
    subcommands: [Serve.self, Call.self, Schema.self, Doctor.self],
    defaultSubcommand: Serve.self)

  static func main() {
    // A host that closes stderr or the answers is an error of write(2), not the end of the process.
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let failure as Failure {
      // stderr may be closed: there is nobody left to tell then.
      let line = Array("tidings: \(failure.sentence)\n".utf8)
      _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
      Foundation.exit(failure.status.rawValue)
    } catch {
      exit(withError: error)
    }
  }
}
