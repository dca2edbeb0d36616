/// One thing that a framer found in the stream.
enum Frame: Equatable, Sendable {
  /// The bytes of one message.
  case message([UInt8])
  /// A message over the limit. Its bytes were dropped as they arrived.
  case oversize
  /// The framing is broken, for this reason: no more messages can be found in the stream.
  case lostSync(String)
}

/// The way in which messages are delimited in a stream.
public enum Framing: String, Sendable, CaseIterable {
  /// Detected from the first bytes of the stream.
  case detect
  /// One JSON text a line.
  case lines
  /// `Content-Length` headers, as in the base protocol of the Language Server Protocol.
  case headers
}
