import CSQLite

/// The header of the write-ahead log's index, read from memory: while it stays the same, nobody has committed
/// anything, in whatever process. No header comes back once it was followed by another one.
struct LogHeader: Equatable, Sendable {
  private let words: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)

  static func == (a: LogHeader, b: LogHeader) -> Bool { a.words == b.words }

  /// How many transactions were committed, whoever made them; begins anew when SQLite has to recover the index.
  var commits: UInt32 { number(8) }
  /// The number of the last page in the log that is committed; 0 in a log that begins anew.
  var lastPage: UInt32 { number(16) }
  /// Chosen anew each time the log begins anew.
  var salt: UInt64 { words.4 }

  /// A number of the header, which is in the machine's own byte order.
  private func number(_ offset: Int) -> UInt32 {
    withUnsafeBytes(of: words) { $0.load(fromByteOffset: offset, as: UInt32.self) }
  }
}

extension LogHeader {
  /// The place of a connection's index, in the memory that SQLite shares with other processes.
  ///
  /// Unchecked: SQLite keeps the memory mapped until the connection is closed, and whoever has a source has the
  /// connection; it is only read, by whole words, while others may write it.
  struct Source: @unchecked Sendable {
    private let index: UnsafeRawPointer

    /// Nil if SQLite has no index for the connection, which must have read something. To be made by the thread that
    /// uses the connection; any thread may read.
    init?(_ database: Database) {
      guard let index = tidings_sqlite3_log_index(database.handle) else { return nil }
      self.index = index
    }

    /// The header now; nil if somebody is just writing it.
    var now: LogHeader? {
      var header = tidings_log_header()
      guard tidings_sqlite3_read_header(index, &header) != 0 else { return nil }
      return LogHeader(words: header.words)
    }
  }
}
