/// One thing that a store finds when it examines itself.
public enum Finding: Hashable, Sendable {
  /// Something that is so: its subject in a word or two, and a sentence.
  case fact(String, String)
  /// Something that has to be mended: a sentence that says what to do.
  case problem(String)

  /// Whether nothing has to be done.
  public var isWell: Bool { if case .fact = self { true } else { false } }
}
