/// A table whose first row names its fields. A field without quotes that is empty, `NULL` or `\N` is null.
public struct CSVTable: DocumentFormat {
  private let mapping: Mapping
  private var rows = CSVRows()
  private var columns: Columns?
  /// The first bytes, as long as they may be a mark of the byte order, which some programs write before everything.
  private var beginning: [UInt8]? = []
  private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// What the fields of a row fill.
  private struct Columns {
    /// The slots of each column.
    var slots: [[Int]]
    var others: [String]
  }

  /// Creates the format for these fields.
  public init(_ mapping: Mapping) { self.mapping = mapping }

  /// See `DocumentFormat.take`.
  public mutating func take(_ chunk: [UInt8], _ body: (FoundDocument) throws -> Void) throws {
    var rows = rows
    self.rows = CSVRows()
    defer { self.rows = rows }
    var chunk = chunk
    if let beginning {
      chunk = beginning + chunk
      if chunk.count < Self.mark.count, Self.mark.starts(with: chunk) {
        self.beginning = chunk
        return
      }
      self.beginning = nil
      if chunk.starts(with: Self.mark) { chunk.removeFirst(Self.mark.count) }
    }
    try rows.take(chunk) { try row($0, $1, body) }
  }

  /// See `DocumentFormat.finish`.
  public mutating func finish(_ body: (FoundDocument) throws -> Void) throws {
    var rows = rows
    if let beginning, !beginning.isEmpty { try rows.take(beginning) { try row($0, $1, body) } }
    try rows.finish { try row($0, $1, body) }
    if columns == nil { throw SourceFailure("the file has no line of names") }
  }

  private mutating func row(
    _ row: Result<[CSVRows.Cell], Problem>, _ line: Int, _ body: (FoundDocument) throws -> Void
  ) throws {
    guard let columns else {
      columns = try names(row)
      return
    }
    try body(FoundDocument(values: row.flatMap { Self.values($0, columns, mapping) }, line: line))
  }

  private func names(_ row: Result<[CSVRows.Cell], Problem>) throws -> Columns {
    let names: [String]
    switch row {
    case .failure(let problem): throw SourceFailure("the line of names: \(problem)")
    case .success(let cells):
      names = cells.map { String(decoding: $0.bytes, as: UTF8.self) }
      guard Set(names).count == names.count else { throw SourceFailure("the line of names has one twice") }
    }
    let slots = names.map { name in
      // A column's name may have dots: nothing lies inside a field of a table.
      mapping.slots.indices.filter { mapping.slots[$0].path.joined(separator: ".") == name }
    }
    for (index, slot) in mapping.slots.enumerated()
    where slot.isGiven && !slots.contains(where: { $0.contains(index) }) {
      throw SourceFailure(
        "the line of names has no \"\(slot.path.joined(separator: "."))\", which is to fill a field")
    }
    let others = zip(names, slots).filter { $1.isEmpty && !mapping.ignored.contains($0) }.map(\.0)
    return Columns(slots: slots, others: others)
  }

  private static func values(
    _ cells: [CSVRows.Cell], _ columns: Columns, _ mapping: Mapping
  ) -> Result<SourceValues, Problem> {
    guard cells.count == columns.slots.count else {
      return .failure(
        Problem("it has \(cells.count) fields, and the line of names has \(columns.slots.count)"))
    }
    var values = SourceValues(mapping)
    values.others = columns.others
    for (cell, slots) in zip(cells, columns.slots) where !slots.isEmpty {
      guard let text = String(validating: cell.bytes, as: UTF8.self) else {
        return .failure(Problem("a field is not UTF-8"))
      }
      let isNull = !cell.isQuoted && (text.isEmpty || text == "NULL" || text == "\\N")
      for slot in slots { values.values[slot] = isNull ? .null : .text(text) }
    }
    return .success(values)
  }
}
