import JSON

/// One step of a transcript: what a host sends, or what it must get back. `Schemas/transcripts/README.md` says
/// what each means.
public enum Step: Sendable {
  /// Says what follows.
  case comment(String)
  /// A message, in which bound placeholders are filled in.
  case send(JSON)
  /// Text that is sent as it is.
  case sendText(String)
  /// One message must match.
  case expect(JSON)
  /// So many messages, in any order.
  case expectAll([JSON])
  /// One array of so many items, in any order.
  case expectBatch([JSON])
  /// The message read last has this text in it.
  case contains(String)
  /// The stream ends, with this exit status.
  case exit(Int64)

  /// Reads a line of a file; nil if it is no step.
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
