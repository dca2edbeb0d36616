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

  /// The call failed; by default just now, as `errno` stands.
  public init(_ call: String, code: Int32 = errno) {
    self.call = call
    self.code = code
  }

  /// `write: Broken pipe`.
  public var description: String { "\(call): \(String(cString: strerror(code)))" }
}
