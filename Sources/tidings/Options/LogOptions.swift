import ArgumentParser
import Logging

/// The options for the log on stderr.
struct LogOptions: ParsableArguments {
  @Option(name: .long, help: "Minimum log level, on stderr.")
  var logLevel: Logger.Level = .info

  @Option(name: .long, help: "Format of log lines.")
  var logFormat: StderrLog.Format = .text

  /// The logger of this process. If `isQuiet`, the standard level is `warning`: the command's output says what
  /// is known.
  func logger(isQuiet: Bool = false) -> Logger {
    var handler = StderrLog(format: logFormat)
    handler.logLevel = isQuiet && logLevel == .info ? .warning : logLevel
    return Logger(label: "tidings") { [handler] _ in handler }
  }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
extension StderrLog.Format: ExpressibleByArgument {}
