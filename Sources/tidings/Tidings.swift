import API
import ArgumentParser
import Foundation
import MongoStore

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
    subcommands: [Serve.self, Call.self, Schema.self, Doctor.self, Replay.self],
    defaultSubcommand: Serve.self)

  static func main() {
    // A host that closes stderr or the answers is an error of write(2), not the end of the process.
    signal(SIGPIPE, SIG_IGN)
    MongoStore.programStarts()
    do {
      var command = try parseAsRoot()
      try command.run()
      leave(0)
    } catch let failure as Failure {
      // stderr may be closed: there is nobody left to tell then.
      let line = Array("tidings: \(failure.sentence)\n".utf8)
      _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
      leave(failure.status.rawValue)
    } catch let code as ExitCode {
      leave(code.rawValue)
    } catch {
      exit(withError: error)
    }
  }
}

/// Ends the process with what was printed, and without the libraries' own clean-up: threads that wait for a
/// database may still use what that frees.
func leave(_ status: Int32) -> Never {
  fflush(nil)
  _exit(status)
}
