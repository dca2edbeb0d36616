/// Cuts a stream of bytes into the rows of a table (RFC 4180): fields between commas, in quotes where they hold commas, quotes
/// or line ends; rows end with LF or CRLF. Instead of the comma a semicolon or a tab separates them all, if it is the first
/// of the three in the first row, outside of quotes.
struct CSVRows {
  /// The largest row.
  static let largest = 16 << 20
  private static let strayReturn = Problem("a carriage return stands outside of quotes")

  /// A field: its bytes, and whether it was in quotes.
  struct Cell: Hashable {
    var bytes: [UInt8] = []
    var isQuoted = false
  }

  private enum State { case start, plain, quoted, quote, carriageReturn }

  private var state = State.start
  private var separator: UInt8 = 0x2C
  private var isSeparatorKnown = false
  private var cells: [Cell] = []
  private var cell = Cell()
  private var line = 1
  private var firstLine = 1
  private var size = 0
  private var fault: Problem?

  /// Takes the next bytes; `body` gets each row that they end, or what is wrong with it, and the line on which it began.
  mutating func take(_ chunk: [UInt8], _ body: (Result<[Cell], Problem>, Int) throws -> Void) throws {
    for byte in chunk {
      size += 1
      if byte == 0x0A { line += 1 }
      if !isSeparatorKnown, state != .quoted, byte == 0x2C || byte == 0x3B || byte == 0x09 {
        (separator, isSeparatorKnown) = (byte, true)
      }
      switch (state, byte) {
      case (.quoted, 0x22): state = .quote
      case (.quoted, _): cell.bytes.append(byte)
      case (.quote, 0x22):
        cell.bytes.append(byte)
        state = .quoted
      case (_, 0x0A): try endRow(body)
      case (.carriageReturn, separator):
        fault = fault ?? Self.strayReturn
        endCell()
      case (_, separator): endCell()
      case (.plain, 0x0D), (.start, 0x0D), (.quote, 0x0D): state = .carriageReturn
      case (.start, 0x22):
        cell.isQuoted = true
        state = .quoted
      case (.start, _), (.plain, _):
        if byte == 0x22 { fault = fault ?? Problem("a quote stands inside a field that is not in quotes") }
        cell.bytes.append(byte)
        state = .plain
      case (.quote, _): fault = fault ?? Problem("something follows the quote at the end of a field")
      case (.carriageReturn, _): fault = fault ?? Self.strayReturn
      }
      guard size <= Self.largest else {
        throw SourceFailure(
          "line \(firstLine): a row is larger than \(Self.largest >> 20) MiB: is a quote missing?")
      }
    }
  }

  private mutating func endCell() {
    cells.append(cell)
    cell = Cell()
    state = .start
  }

  private mutating func endRow(_ body: (Result<[Cell], Problem>, Int) throws -> Void) throws {
    endCell()
    let (row, number, problem) = (cells, firstLine, fault)
    (cells, firstLine, fault, size) = ([], line, nil, 0)
    // A line with nothing on it.
    if row.count == 1, row[0] == Cell(), problem == nil { return }
    isSeparatorKnown = true
    try body(problem.map { .failure($0) } ?? .success(row), number)
  }

  /// Ends the stream: the last row may lack its line end.
  mutating func finish(_ body: (Result<[Cell], Problem>, Int) throws -> Void) throws {
    if state == .quoted { fault = fault ?? Problem("a quote is not closed") }
    if size > 0 { try endRow(body) }
  }
}
