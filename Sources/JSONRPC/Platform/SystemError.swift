import LibC

/// A system call that failed.
public struct SystemError: Error, Sendable, CustomStringConvertible {
  /// The name of the system call.
  public let call: String
  /// The `errno` of the system call.
  public let code: Int32

  /// Creates an error for a call that failed; by default just now, with the current `errno`.
  public init(_ call: String, code: Int32 = errno) {
    self.call = call
    self.code = code
  }

  /// A text such as `write: Broken pipe`.
  public var description: String { "\(call): \(String(cString: strerror(code)))" }
}
