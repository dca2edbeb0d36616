#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A system call that failed.
public struct SystemError: Error, Sendable, CustomStringConvertible {
  /// The call's name.
  public let call: String
  /// Its `errno`.
  public let code: Int32

  /// The call failed just now: takes `errno` as it stands.
  init(_ call: String) {
    code = errno
    self.call = call
  }

  init(_ call: String, code: Int32) {
    self.call = call
    self.code = code
  }

  /// `write: Broken pipe`.
  public var description: String { "\(call): \(String(cString: strerror(code)))" }
}
