import LibC

/// The input and output of the connection, moved away from the standard descriptors.
public struct StandardStreams: Sendable {
  /// The descriptor that was 0.
  public let input: Int32
  /// The descriptor that was 1.
  public let output: Int32

  /// Moves standard input and output to private descriptors that no child process inherits. Afterwards
  /// descriptor 0 is at its end and descriptor 1 is standard error, so that nothing else can write into the
  /// stream. Call this once, before anything can print.
  public static func claim() throws(SystemError) -> StandardStreams {
    // Checked before anything is opened, which would take the number of a descriptor that the host left
    // closed.
    try check(STDIN_FILENO, isNot: O_WRONLY, "standard input")
    try check(STDOUT_FILENO, isNot: O_RDONLY, "standard output")
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    guard null >= 0 else { throw SystemError("open /dev/null") }
    // A host may start a program without standard error; no descriptor that is opened later may take its
    // number.
    if fcntl(STDERR_FILENO, F_GETFD) < 0, dup2(null, STDERR_FILENO) < 0 { throw SystemError("dup2") }
    let input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
    guard input >= 0 else { throw SystemError("standard input") }
    let output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
    guard output >= 0 else { throw SystemError("standard output") }
    guard dup2(null, STDIN_FILENO) >= 0, dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 else {
      throw SystemError("dup2")
    }
    if null > STDERR_FILENO { close(null) }
    return StandardStreams(input: input, output: output)
  }
  /// Checks that a descriptor is open, and not only the wrong way round: a program may keep the number of one that was
  /// closed by a descriptor of which nothing can be used.
  public static func check(_ number: Int32, isNot mode: Int32, _ name: String) throws(SystemError) {
    let flags = fcntl(number, F_GETFL)
    guard flags >= 0 else { throw SystemError(name) }
    guard flags & O_ACCMODE != mode else { throw SystemError(name, code: EBADF) }
  }
}
