import ArgumentParser
import Logging

/// The options for the log on stderr.
struct LogOptions: ParsableArguments {
  @Option(name: .long, help: "The least level that is logged, on stderr.")
  var logLevel: Logger.Level = .info

  @Option(name: .long, help: "How a line of the log looks.")
  var logFormat: StderrLog.Format = .text

  /// The logger of this process.
  func logger() -> Logger {
    var handler = StderrLog(format: logFormat)
    handler.logLevel = logLevel
    return Logger(label: "tidings") { [handler] _ in handler }
  }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
extension StderrLog.Format: ExpressibleByArgument {}
