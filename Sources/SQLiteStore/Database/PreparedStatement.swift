import CSQLite
import Inbox

/// A statement that is compiled once and run many times, on the thread that owns its connection.
final class PreparedStatement {
  private let handle: OpaquePointer
  private var bindCode = SQLITE_OK
  /// The database lives as long as its statements.
  private let database: Database

  init(_ sql: String, _ database: Database) throws(SQLiteError) {
    self.database = database
    var handle: OpaquePointer?
    let code = sqlite3_prepare_v3(
      database.handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
    guard code == SQLITE_OK else { throw database.failure(code) }
    guard let handle else { throw SQLiteError(SQLITE_MISUSE) }
    self.handle = handle
  }

  deinit {
    // The result repeats the failure of the last run.
    sqlite3_finalize(handle)
  }

  func bind(_ value: Int64, at index: Int32) {
    check(sqlite3_bind_int64(handle, index, value))
  }

  func bind(_ value: Int64?, at index: Int32) {
    check(value.map { sqlite3_bind_int64(handle, index, $0) } ?? sqlite3_bind_null(handle, index))
  }

  func bind(_ text: String?, at index: Int32) {
    guard var text else {
      check(sqlite3_bind_null(handle, index))
      return
    }
    text.withUTF8 { bind(UnsafeRawBufferPointer($0), at: index) }
  }

  func bind(_ bytes: [UInt8]?, at index: Int32) {
    guard let bytes else {
      check(sqlite3_bind_null(handle, index))
      return
    }
    bytes.withUnsafeBytes { bind($0, at: index) }
  }

  private func bind(_ bytes: UnsafeRawBufferPointer, at index: Int32) {
    if bytes.isEmpty {
      // A null address would bind NULL, and an empty buffer may have one.
      check(sqlite3_bind_zeroblob(handle, index, 0))
    } else {
      check(sqlite3_bind_blob64(handle, index, bytes.baseAddress, UInt64(bytes.count), Self.copied))
    }
  }

  /// SQLITE_TRANSIENT, a macro that Swift doesn't see: SQLite copies the bytes before the call returns, so no
  /// buffer has to outlive the call.
  private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

  private func check(_ code: Int32) {
    if bindCode == SQLITE_OK { bindCode = code }
  }

  /// The result code of one step: `SQLITE_ROW`, `SQLITE_DONE` or that of a failure.
  func stepCode() -> Int32 {
    bindCode == SQLITE_OK ? sqlite3_step(handle) : bindCode
  }

  /// Steps to the next row; false if there is none.
  func step() throws(StoreError) -> Bool {
    switch stepCode() {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code: throw database.failure(code).error
    }
  }

  /// Resets the statement, so that it can be bound and run again; must follow every run.
  func reset() {
    // The result repeats the failure that `step` reported.
    _ = sqlite3_reset(handle)
    bindCode = SQLITE_OK
  }
}

// Values of SQLite itself, which need no check.
extension PreparedStatement {
  func anyInteger(_ column: Int32) -> Int { Int(sqlite3_column_int64(handle, column)) }

  func anyText(_ column: Int32) -> String {
    sqlite3_column_text(handle, column).map { String(cString: $0) } ?? ""
  }
}

// Values from the file, which may hold anything.
extension PreparedStatement {
  func integer(_ column: Int32) throws(StoreError) -> Int64 {
    guard sqlite3_column_type(handle, column) == SQLITE_INTEGER else { throw .damagedColumn }
    return sqlite3_column_int64(handle, column)
  }

  /// The column as a number from 0 to `limit`.
  func count(_ column: Int32, through limit: Int) throws(StoreError) -> Int {
    let value = Int(try integer(column))
    guard (0...limit).contains(value) else { throw .damagedColumn }
    return value
  }

  /// The column as a message's time.
  func time(_ column: Int32) throws(StoreError) -> Timestamp {
    let value = try integer(column)
    do {
      return try StoreBounds.time(value)
    } catch {
      throw .damaged("\(error)")
    }
  }

  /// The column as a string; nil for NULL.
  func string(_ column: Int32) throws(StoreError) -> String? {
    guard let bytes = try blob(column) else { return nil }
    // UTF8Span validates and copies several times as fast as String's generic initialisers.
    let span = bytes.bindMemory(to: UInt8.self).span
    do {
      return String(copying: try UTF8Span(validating: span))
    } catch {
      throw .damagedColumn
    }
  }

  /// The column as text; nil for NULL.
  func text(_ column: Int32) throws(StoreError) -> Text? {
    try string(column).map { Text($0) }
  }

  /// The column as bytes; nil for NULL.
  func bytes(_ column: Int32) throws(StoreError) -> [UInt8]? {
    try blob(column).map { [UInt8]($0) }
  }

  /// Whether the column holds bytes or NULL, as client text is stored: a number reads as its digits, and is found by no
  /// index. To be asked before the column is read.
  func isBytes(_ column: Int32) -> Bool {
    [SQLITE_BLOB, SQLITE_NULL].contains(sqlite3_column_type(handle, column))
  }

  /// SQLite's own bytes, valid until the next step or reset; nil for NULL.
  private func blob(_ column: Int32) throws(StoreError) -> UnsafeRawBufferPointer? {
    guard let address = sqlite3_column_blob(handle, column) else {
      switch sqlite3_column_type(handle, column) {
      case SQLITE_NULL: return nil
      // An empty blob has no address; neither has a blob for which there is no memory.
      case SQLITE_BLOB where sqlite3_column_bytes(handle, column) == 0:
        return UnsafeRawBufferPointer(start: nil, count: 0)
      case SQLITE_BLOB: throw SQLiteError(SQLITE_NOMEM).error
      default: throw .damagedColumn
      }
    }
    return UnsafeRawBufferPointer(start: address, count: Int(sqlite3_column_bytes(handle, column)))
  }
}
