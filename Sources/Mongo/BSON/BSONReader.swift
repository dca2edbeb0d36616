/// Walks through the elements of a document in order.
///
///     var reader = BSONReader(document)
///     while let element = try reader.next() {
///       switch element.key {
///       case "log": log = try element.string()
///       default: break
///       }
///     }
public struct BSONReader: Sendable {
  private let document: BSONDocument
  private var offset: Int

  /// A reader at the document's first element.
  public init(_ document: BSONDocument) {
    self.document = document
    offset = document.lower + 4
  }

  /// The next element, or nil at the end.
  public mutating func next() throws(BSONError) -> BSONElement? {
    let extent = try BSONScanner.element(
      in: document.storage.span.bytes, at: offset, last: document.upper - 1)
    guard let extent else { return nil }
    offset = extent.value.upperBound
    return BSONElement(storage: document.storage, extent: extent)
  }

  /// The next element with this key, after skipping others; nil if none follows.
  public mutating func skip(to key: String) throws(BSONError) -> BSONElement? {
    while let element = try next() {
      if element.key == key { return element }
    }
    return nil
  }
}
