// The standard library's own search for one text in another is part of its regular expressions, which are larger than
// everything else that a program without them has of it.
extension StringProtocol {
  /// Where another text, compared by its bytes, first occurs in this one; nil if it does not.
  public func place(of part: String) -> Index? {
    var rest = utf8[...]
    while !rest.starts(with: part.utf8) {
      guard rest.popFirst() != nil else { return nil }
    }
    return rest.startIndex
  }

  /// Whether another text, compared by its bytes, occurs in this one.
  public func holds(_ part: String) -> Bool { place(of: part) != nil }
}
