/// The form in which marks and records are kept as bytes: a byte for the format, the number of sections, then each
/// section with its tag, its length and its bytes, in the order of the tags. A section that is empty is left out.
struct SectionCodec<Owner: Sendable>: Sendable {
  private let format: UInt8
  private let sections: [Section<Owner>]

  /// Sections must come in the order of their tags.
  init(format: UInt8, _ sections: [Section<Owner>]) {
    precondition(zip(sections, sections.dropFirst()).allSatisfy { $0.tag < $1.tag })
    self.format = format
    self.sections = sections
  }

  func encode(_ owner: Owner) -> [UInt8] {
    var body = ByteWriter()
    var count: UInt64 = 0
    for section in sections {
      var writer = ByteWriter()
      section.write(owner, &writer)
      guard !writer.bytes.isEmpty else { continue }
      count += 1
      body.writeByte(section.tag)
      body.writeBytes(writer.bytes)
    }
    var writer = ByteWriter(reservingCapacity: body.bytes.count + 2)
    writer.writeByte(format)
    writer.writeVarint(count)
    writer.append(body)
    return writer.bytes
  }

  /// Reads the sections into `owner`, which is empty. Throws `DecodingFailure` for bytes that `encode` never
  /// returns, and `NewerVersion` if a section has a tag that is not known here.
  func decode(_ bytes: [UInt8], into owner: inout Owner) throws {
    var reader = ByteReader(bytes)
    try reader.expectByte(format)
    let count = try reader.readCount()
    var (last, next, isNewer) = (-1, 0, false)
    for _ in 0..<count {
      let start = reader.offset
      let tag = try reader.readByte()
      guard Int(tag) > last else { throw DecodingFailure(offset: start, reason: "sections out of order") }
      last = Int(tag)
      let length = try reader.readCount()
      guard length > 0 else { throw DecodingFailure(offset: start, reason: "an empty section") }
      guard length <= reader.remaining else {
        throw DecodingFailure(offset: start, reason: "the bytes end early")
      }
      let end = reader.offset + length
      while next < sections.count, sections[next].tag < tag { next += 1 }
      if next < sections.count, sections[next].tag == tag {
        try sections[next].read(&owner, &reader)
        guard reader.offset == end else {
          throw DecodingFailure(offset: start, reason: "a section of another length")
        }
      } else {
        // The rest is read all the same: damage is damage, whatever the tag.
        isNewer = true
        try reader.skip(length)
      }
    }
    try reader.expectEnd()
    if isNewer { throw NewerVersion() }
  }
}

extension SectionCodec {
  /// Reads what can be read of damaged bytes: each section that is whole, up to where the bytes can't be divided any more.
  func salvage(_ bytes: [UInt8], into owner: inout Owner) {
    var reader = ByteReader(bytes)
    do {
      try reader.expectByte(format)
      for _ in 0..<(try reader.readCount()) {
        let tag = try reader.readByte()
        var section = ByteReader(Array(try reader.readBytes()))
        guard let known = sections.first(where: { $0.tag == tag }) else { continue }
        var changed = owner
        do {
          try known.read(&changed, &section)
          if section.isAtEnd { owner = changed }
        } catch {
          // This section is lost: the next one may be whole.
          continue
        }
      }
    } catch {
      // The rest is lost.
      return
    }
  }
}

/// One part of a value that is kept as bytes.
struct Section<Owner: Sendable>: Sendable {
  /// The number that identifies the section; it is never used for another one.
  let tag: UInt8
  /// Writes the section; writes nothing if it is empty.
  let write: @Sendable (Owner, inout ByteWriter) -> Void
  /// Reads what `write` wrote; throws `DecodingFailure` for anything else.
  let read: @Sendable (inout Owner, inout ByteReader) throws -> Void
}

extension Section {
  /// A section that is one set of numbers.
  static func set(
    _ tag: UInt8, _ get: @escaping @Sendable (Owner) -> SequenceSet,
    _ put: @escaping @Sendable (inout Owner, SequenceSet) -> Void
  ) -> Section {
    Section(
      tag: tag,
      write: { owner, writer in
        let set = get(owner)
        if !set.isEmpty { set.encode(to: &writer) }
      },
      read: { owner, reader in
        let start = reader.offset
        let set = try SequenceSet(from: &reader)
        guard !set.isEmpty else { throw DecodingFailure(offset: start, reason: "an empty section") }
        put(&owner, set)
      })
  }

  /// A section that is one number, which is not negative; `none` stands for an empty section.
  static func number(
    _ tag: UInt8, none: Int = 0, _ get: @escaping @Sendable (Owner) -> Int,
    _ put: @escaping @Sendable (inout Owner, Int) -> Void
  ) -> Section {
    Section(
      tag: tag,
      write: { owner, writer in
        let number = get(owner)
        if number != none { writer.writeVarint(UInt64(number)) }
      },
      read: { owner, reader in
        let start = reader.offset
        let number = try reader.readCount()
        guard number != none else { throw DecodingFailure(offset: start, reason: "an empty section") }
        put(&owner, number)
      })
  }
}
