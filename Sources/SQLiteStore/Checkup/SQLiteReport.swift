import Inbox

/// A fault as every store tells it: the report has a type of that name.
typealias StoreFault = Fault

/// A report of an open store about itself.
struct SQLiteReport: Hashable, Sendable {
  /// The database's file, without symbolic links.
  var path: FilePath
  /// The version of the schema in the file.
  var schemaVersion = 0
  /// SQLite's journal mode: `wal`.
  var journalMode = ""
  /// Whether every commit is flushed to the disk before it is acknowledged.
  var isDurable = false
  /// The version of the SQLite library.
  var sqliteVersion = ""
  /// The size of the database in bytes.
  var size = 0
  /// The size of its write-ahead log in bytes.
  var walSize = 0
  /// The number of bytes that are free on the disk; nil if the system doesn't say.
  var free: Int?
  /// The numbers of logs, messages and inboxes with marks that were examined.
  var counts = Counts()
  /// The faults in the contents of the file.
  var faults: [Fault] = []
  /// The plan of each statement; empty if tables or indexes are missing.
  var plans: [Plan] = []

  /// The numbers of what was examined.
  struct Counts: Hashable, Sendable {
    /// The number of logs.
    var logs = 0
    /// The number of messages, including retracted ones.
    var messages = 0
    /// The number of inboxes with marks.
    var marks = 0
  }

  /// Something in the file that differs from what Tidings writes.
  enum Fault: Hashable, Sendable {
    /// A fault of the file that SQLite's `integrity_check` reports.
    case file(String)
    /// An index that does not match its table; the table is whole.
    case indexes(String)
    /// A table that is missing or that another program changed.
    case table(String)
    /// An index that is missing or that another program changed; `statement` creates it.
    case index(String, statement: String)
    /// A trigger or an index that acts on Tidings' tables and is not its own.
    case stranger(String, kind: String)
    /// `count` places where a log, a message or marks are wrong; `first` names one of them.
    case content(String, count: Int, first: String)
    /// `count` places that only a newer version of Tidings can read; `first` names one of them.
    case newer(String, count: Int, first: String)

    /// Whether something of the schema is missing or changed: then not every statement can run.
    var isOfSchema: Bool {
      switch self {
      case .table, .index: true
      case .file, .indexes, .stranger, .content, .newer: false
      }
    }

    /// Whether a table is missing or changed: then no statement can run.
    var isTable: Bool { if case .table = self { true } else { false } }

    /// Whether nothing kept keys from occurring twice.
    var isOfKeys: Bool { if case .index("message_key", _) = self { true } else { false } }

    /// The fault as a verification tells it; nil for one of the contents.
    var found: StoreFault? {
      switch self {
      case .file(let what): StoreFault(.file, .other(what))
      case .indexes(let what): StoreFault(.indexContent, .other(what))
      case .table(let name): StoreFault(.table, .other(name))
      case .index(let name, _): StoreFault(.index, .other(name))
      case .stranger(let name, _): StoreFault(.stranger, .other(name))
      case .content, .newer: nil
      }
    }
  }

  /// The plan of a statement: how it finds its rows.
  struct Plan: Hashable, Sendable {
    /// The statement.
    var statement: String
    /// SQLite's plan, step by step.
    var steps: [String]

    /// Whether the statement reads a whole table or index, or sorts.
    var scans: Bool {
      steps.contains { $0.hasPrefix("SCAN") || $0.hasPrefix("USE TEMP B-TREE") }
    }
  }

  /// The report as the doctor tells it.
  var findings: [Finding] {
    let scans = plans.count { $0.scans }
    return [
      .fact("store", "sqlite:\(path)"),
      .fact("size", "\(size) bytes, and \(walSize) in the write-ahead log"),
      .fact("schema", "version \(schemaVersion)"),
      .fact("SQLite", "\(sqliteVersion), journal mode \(journalMode)"),
      .fact("durability", isDurable ? "every commit is flushed to the disk" : "NOT flushed to the disk"),
      .fact(
        "holds",
        "\(counts.messages) messages in \(counts.logs) logs, marks of \(counts.marks) inboxes"),
      .fact("check", faults.isEmpty ? "sound" : "\(faults.count) faults"),
      .fact("plans", "\(plans.count) statements, \(scans) of them read a whole table"),
    ] + problems.map { .problem($0) }
  }

  /// The problems that need attention, a sentence each; empty if all is well.
  var problems: [String] {
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
    case .stranger(let name, let kind):
      "the \(kind) \(name) acts on Tidings' tables and is not its own: \(Self.repair)"
    case .table(let name):
      "the table \(name) is missing or was changed by another program: restore the file from a backup"
    case .index(let name, let statement):
      "the index \(name) is missing or was changed by another program: \(mend(statement))"
    case .newer(let what, let count, let first):
      "\(what) (\(count) found, the first is \(first)): use that version"
    case .content(let what, let count, let first):
      "\(what) (\(count) found, the first is \(first)): \(Self.repair), or restore the file from a backup"
    }
  }

  private static let repair = "tidings verify --repair mends it"

  /// The instruction for running a statement that repairs the file.
  private func mend(_ statement: String) -> String {
    "end every program that uses the file and run: sqlite3 \(path.quoted) \"\(statement)\""
  }
}
