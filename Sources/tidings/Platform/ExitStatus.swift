import LibC

/// The exit statuses of the program (sysexits.h).
enum ExitStatus: Int32 {
  case differs = 1
  case badParameters = 64
  case badData = 65
  case notFound = 66
  case unavailable = 69
  case software = 70
  case system = 71
  case cannotCreate = 73
  case outputClosed = 74
  case retryable = 75
  case forbidden = 77
  case configuration = 78
}

/// An error that ends a command with one sentence on stderr and an exit status.
struct CommandError: Error {
  let status: ExitStatus
  let sentence: String

  init(_ status: ExitStatus, _ sentence: String) {
    self.status = status
    self.sentence = sentence
  }
}

/// Ends the process without the libraries' own clean-up, which would free memory that threads waiting for a
/// database may still use.
func leave(_ status: Int32) -> Never { _exit(status) }
