/// A BSON array: a document whose keys don't matter.
public struct BSONArray: Sendable, Hashable {
  /// The array as a document, which it is in BSON.
  public let document: BSONDocument

  /// The array in this document, whatever its keys.
  public init(_ document: BSONDocument) {
    self.document = document
  }

  /// The array of these values.
  public init(_ values: some Sequence<BSONValue>) throws(BSONError) {
    var writer = BSONWriter()
    var index = 0
    for value in values {
      writer.append(index: index, value)
      index += 1
    }
    document = try writer.finish()
  }

  /// Whether the array is empty.
  public var isEmpty: Bool { document.isEmpty }

  /// Calls `body` with each element in order.
  public func forEach(_ body: (BSONElement) throws -> Void) throws {
    var reader = BSONReader(document)
    while let element = try reader.next() { try body(element) }
  }

  /// The elements, all of which must be documents.
  public func documents() throws(BSONError) -> [BSONDocument] {
    var documents: [BSONDocument] = []
    var reader = BSONReader(document)
    while let element = try reader.next() { documents.append(try element.document()) }
    return documents
  }

  /// All values.
  public func values() throws(BSONError) -> [BSONValue] {
    var values: [BSONValue] = []
    var reader = BSONReader(document)
    while let element = try reader.next() { values.append(try element.value()) }
    return values
  }
}

extension BSONArray: ExpressibleByArrayLiteral {
  /// Creates an array from a literal. A literal that exceeds the limits is a programming error and traps.
  public init(arrayLiteral elements: BSONValue...) {
    do {
      self = try BSONArray(elements)
    } catch {
      preconditionFailure("\(error)")
    }
  }
}
