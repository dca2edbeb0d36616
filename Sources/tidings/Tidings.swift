import API
import ArgumentParser
import CSystem
import JSONRPC
import LibC

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
    subcommands: [
      ServeCommand.self, CallCommand.self, WatchCommand.self, SchemaCommand.self, ExportCommand.self,
      ImportCommand.self, BackupCommand.self, VerifyCommand.self, DoctorCommand.self, ReplayCommand.self,
    ],
    defaultSubcommand: ServeCommand.self)

  static func main() {
    // Before the first thread: what is set holds for all.
    tidings_return_large_blocks()
    // Writing to a host that has closed stderr or the answers is an error of write(2), and must not end the
    // process.
    signal(SIGPIPE, SIG_IGN)
    do {
      try Descriptor.holdStandardOnes()
      var command = try parseAsRoot(ProgramArguments.read())
      if (command as? any OutputChoice)?.printsResult ?? true { try StandardOutput.check() }
      try command.run()
      leave(0)
    } catch let failure as CommandError {
      end(failure.status.rawValue, "tidings: \(failure.sentence.shown())")
    } catch let code as ExitCode {
      leave(code.rawValue)
    } catch let error as SystemError {
      end(ExitStatus.system.rawValue, "tidings: \(error)")
    } catch {
      // Requested text, such as help, goes to stdout; errors, with the usage, go to stderr.
      let status = exitCode(for: error)
      let text = fullMessage(for: error)
      guard status.isSuccess else { end(status.rawValue, text.shown(keepingLines: true)) }
      do {
        try StandardOutput.write(line: text.shown(keepingLines: true))
        leave(0)
      } catch {
        end(error.status.rawValue, "tidings: \(error.sentence.shown())")
      }
    }
  }

  private static func end(_ status: Int32, _ text: String) -> Never {
    do {
      try Descriptor.standardError.write(Array("\(text)\n".utf8))
    } catch {
      // stderr may be closed: nobody is left to tell.
    }
    leave(status)
  }
}
