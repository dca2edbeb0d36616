/// A report of an open store about itself.
public struct SQLiteReport: Hashable, Sendable {
  /// The database's file, without symbolic links.
  public var path: FilePath
  /// The version of the schema in the file.
  public var schemaVersion = 0
  /// SQLite's journal mode: `wal`.
  public var journalMode = ""
  /// Whether every commit is flushed to the disk before it is acknowledged.
  public var isDurable = false
  /// The version of the SQLite library.
  public var sqliteVersion = ""
  /// The size of the database in bytes.
  public var size = 0
  /// The size of its write-ahead log in bytes.
  public var walSize = 0
  /// The number of bytes that are free on the disk; nil if the system doesn't say.
  public var free: Int?
  /// The numbers of logs, messages and inboxes with marks that were examined.
  public var counts = Counts()
  /// The faults in the contents of the file.
  public var faults: [Fault] = []
  /// The plan of each statement; empty if tables or indexes are missing.
  public var plans: [Plan] = []

  /// The numbers of what was examined.
  public struct Counts: Hashable, Sendable {
    /// The number of logs.
    public var logs = 0
    /// The number of messages, including retracted ones.
    public var messages = 0
    /// The number of inboxes with marks.
    public var marks = 0
  }

  /// Something in the file that differs from what Tidings writes.
  public enum Fault: Hashable, Sendable {
    /// A fault of the file that SQLite's `integrity_check` reports.
    case file(String)
    /// An index that does not match its table; the table is whole.
    case indexes(String)
    /// A table that is missing or that another program changed.
    case table(String)
    /// An index that is missing or that another program changed; `statement` creates it.
    case index(String, statement: String)
    /// `count` places where a log, a message or marks are wrong; `first` names one of them.
    case content(String, count: Int, first: String)
    /// `count` places that only a newer version of Tidings can read; `first` names one of them.
    case newer(String, count: Int, first: String)
  }

  /// The plan of a statement: how it finds its rows.
  public struct Plan: Hashable, Sendable {
    /// The statement.
    public var statement: String
    /// SQLite's plan, step by step.
    public var steps: [String]

    /// Whether the statement reads a whole table or index, or sorts.
    public var scans: Bool {
      steps.contains { $0.hasPrefix("SCAN") || $0.hasPrefix("USE TEMP B-TREE") }
    }
  }

  /// The problems that need attention, a sentence each; empty if all is well.
  public var problems: [String] {
    var problems = faults.map(sentence)
    // Less space than a message and its index may take.
    if let free, free < 1 << 18 { problems.append(Shortage.disk) }
    if !isDurable { problems.append("changes are not flushed to the disk before they are acknowledged") }
    for plan in plans where plan.scans {
      problems.append(
        "a statement reads a whole table (\(plan.steps.joined(separator: "; "))): \(plan.statement)")
    }
    return problems
  }

  private func sentence(_ fault: Fault) -> String {
    switch fault {
    case .file(let what):
      "the file is damaged, restore it from a backup: \(what)"
    case .indexes(let what):
      "an index does not fit its table, \(mend("REINDEX")): \(what)"
    case .table(let name):
      "the table \(name) is missing or was changed by another program: restore the file from a backup"
    case .index(let name, let statement):
      "the index \(name) is missing or was changed by another program: \(mend(statement))"
    case .newer(let what, let count, let first):
      "\(what) (\(count) found, the first is \(first)): use that version"
    case .content(let what, let count, let first):
      "\(what) (\(count) found, the first is \(first)): restore the file from a backup"
    }
  }

  /// The instruction for running a statement that repairs the file.
  private func mend(_ statement: String) -> String {
    "end every program that uses the file and run: sqlite3 \(path.quoted) \"\(statement)\""
  }
}
