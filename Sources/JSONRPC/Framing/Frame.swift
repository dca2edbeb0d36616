/// What a framer found in the stream.
enum Frame: Equatable, Sendable {
  /// The bytes of one message.
  case message([UInt8])
  /// A message over the limit: its bytes were dropped as they came.
  case oversize
  /// The stream can't be followed any further.
  case lostSync(String)
}

/// How messages are told apart in a stream.
public enum Framing: String, Sendable, CaseIterable {
  /// By what the stream begins with.
  case detect
  /// One JSON value a line.
  case lines
  /// `Content-Length` headers, as the Language Server Protocol has them.
  case headers
}
