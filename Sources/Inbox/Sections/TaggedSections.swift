/// Marks or a record as sections by their tags, for copying them: whatever sections there are, without a look into
/// them.
public struct TaggedSections: Hashable, Sendable {
  /// The format of the bytes that the sections come from.
  public var format: UInt8
  /// The sections in the order of their tags; none of them is empty.
  public var sections: [(tag: UInt8, bytes: [UInt8])]

  /// Creates sections.
  public init(format: UInt8, _ sections: [(tag: UInt8, bytes: [UInt8])]) {
    (self.format, self.sections) = (format, sections)
  }

  /// Divides the bytes of marks or of a record.
  public init(encoded bytes: [UInt8]) throws(DecodingFailure) {
    var reader = ByteReader(bytes)
    format = try reader.readByte()
    sections = []
    for _ in 0..<(try reader.readCount()) {
      sections.append((try reader.readByte(), Array(try reader.readBytes())))
    }
    try reader.expectEnd()
  }

  /// The bytes of marks or of a record.
  public var encoded: [UInt8] {
    var writer = ByteWriter(reservingCapacity: sections.reduce(8) { $0 + $1.bytes.count + 8 })
    writer.writeByte(format)
    writer.writeVarint(UInt64(sections.count))
    for section in sections {
      writer.writeByte(section.tag)
      writer.writeBytes(section.bytes)
    }
    return writer.bytes
  }

  /// Whether both have the same sections.
  public static func == (a: TaggedSections, b: TaggedSections) -> Bool { a.encoded == b.encoded }

  /// Hashes what `==` compares.
  public func hash(into hasher: inout Hasher) { hasher.combine(encoded) }
}
