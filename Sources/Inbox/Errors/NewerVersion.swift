/// The error for bytes with a section that this version does not know.
public struct NewerVersion: Error, Hashable, CustomStringConvertible {
  /// The reason, as the end of a sentence.
  public let description = "written by a newer version of Tidings"

  /// Creates the error.
  public init() {}
}
