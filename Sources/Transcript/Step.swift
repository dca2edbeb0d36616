import JSON

/// One step of a transcript: a message that a host sends, or one that it must get back.
/// `Schemas/transcripts/README.md` explains each.
public enum Step: Sendable {
  /// A comment about the steps that follow.
  case comment(String)
  /// A message to send, in which bound placeholders are filled in.
  case send(JSON)
  /// A text to send as it is.
  case sendText(String)
  /// A pattern that one message must match.
  case expect(JSON)
  /// Patterns for as many messages, in any order.
  case expectAll([JSON])
  /// Patterns for the items of one array, in any order.
  case expectBatch([JSON])
  /// A text that the last message read must contain.
  case contains(String)
  /// The end of the stream, with this exit status.
  case exit(Int64)

  /// Reads a step from a line of a file; nil if the line is not a step.
  public init?(_ line: JSON) {
    guard line.count == 1, let (key, value) = line.members.first(where: { _ in true }) else { return nil }
    switch (key.string, value.kind) {
    case ("comment", .string): self = .comment(value.string ?? "")
    case ("send", .string): self = .sendText(value.string ?? "")
    case ("send", _): self = .send(value)
    case ("expect", _): self = .expect(value)
    case ("expect_all", .array): self = .expectAll(Array(value.elements))
    case ("expect_batch", .array): self = .expectBatch(Array(value.elements))
    case ("contains", .string): self = .contains(value.string ?? "")
    case ("exit", .number):
      guard let status = value.integer else { return nil }
      self = .exit(status)
    default: return nil
    }
  }
}
