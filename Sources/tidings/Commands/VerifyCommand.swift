import API
import ArgumentParser
import Inbox
import JSON
import JSONRPC

/// Checks every invariant of a store.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Read all of the store and check every invariant; mend what can be mended.",
    discussion: """
      tidings verify                     # says what is wrong, kind by kind
      tidings verify --repair            # mends it, a line each, and looks again

      Programs may use the store meanwhile. Make a backup before a repair.

      Exit status: 0 if the store is whole, 1 if it has faults (with --repair: that are left), 69 if it can't be used.
      """)

  @OptionGroup var store: StoreOptions
  @OptionGroup var log: LogOptions

  @Flag(name: .long, help: "Mend what can be mended.")
  var repair = false

  @Flag(name: .long, help: "Print a JSON object a line: one for each place, and the sums last.")
  var json = false

  @Option(name: .long, help: "Places to name of each kind of fault; all are counted.")
  var atMost = 20

  func validate() throws {
    if atMost < 0 { throw ValidationError("--at-most takes a number from 0 on") }
  }

  func run() throws {
    let url = try store.url(makesFolder: false)
    if case .sqlite(let path) = url, !path.exists {
      throw CommandError(.unavailable, "there is no file at \(path): tidings serve creates it")
    }
    let store = try StoreOptions.open(
      url, allowsSharing: store.allowSharedFile, log.logger(isQuiet: true))
    let report = VerifyReport(isJSON: json)
    if repair {
      let mended = try verify(store, "mending", repairs: true)
      try report.print(mended, isRepair: true)
    }
    let verdict = try verify(store, "reading", repairs: false)
    try report.print(verdict, isRepair: false)
    try wait { try await store.close() }
    if !verdict.faults.isEmpty { throw ExitCode(ExitStatus.differs.rawValue) }
  }

  private func verify(_ store: any ExaminedStore, _ title: String, repairs: Bool) throws -> Verdict {
    let line = ProgressLine(title)
    defer { line.end() }
    let verification = Verification(.contract, repairs: repairs, named: atMost) { count in
      line.show("\(count) messages")
    }
    do {
      return try wait { try await store.verify(verification) }
    } catch StoreError.unavailable(let reason) {
      throw CommandError(.unavailable, reason)
    } catch StoreError.damaged(let what), StoreError.limitReached(let what) {
      throw CommandError(.software, what)
    } catch StoreError.outcomeUnknown(let why) {
      throw CommandError(.retryable, why)
    }
  }
}

/// What a verification found, as it is printed.
struct VerifyReport {
  let isJSON: Bool

  /// Prints the faults of a verification, or what a repair did about them.
  func print(_ verdict: Verdict, isRepair: Bool) throws {
    for kind in verdict.faults.kinds {
      let named = verdict.faults[kind]
      if isJSON {
        for fault in named { try StandardOutput.write(Self.json(fault, isRepair: isRepair)) }
      } else {
        for line in Self.text(kind, verdict, isRepair: isRepair) {
          try StandardOutput.write(line: line.shown())
        }
      }
    }
    guard !isRepair else { return }
    if isJSON {
      try StandardOutput.write(Self.json(verdict))
    } else {
      try StandardOutput.write(line: Self.sums(verdict))
    }
  }

  private static func text(_ kind: FaultKind, _ verdict: Verdict, isRepair: Bool) -> [String] {
    let named = verdict.faults[kind]
    let count = verdict.faults.counts[kind] ?? 0
    var lines = isRepair ? [] : ["\(kind.rawValue): \(kind.sentence) (\(count) found)"]
    for fault in named {
      let place = "\(fault.place)" + (fault.count > 1 ? ", and \(fault.count - 1) more from there on" : "")
      guard isRepair else {
        lines.append("  \(place)")
        continue
      }
      lines.append(
        fault.isMended
          ? "mended \(kind.rawValue): \(place): \(fault.mending ?? "")" : "LEFT \(kind.rawValue): \(place)")
    }
    let rest = count - named.reduce(0) { $0 + $1.count }
    if rest > 0 { lines.append(isRepair ? "\(kind.rawValue): \(rest) more" : "  and \(rest) more") }
    return lines
  }

  private static func sums(_ verdict: Verdict) -> String {
    let read =
      "\(verdict.messages) messages in \(verdict.logs) logs, marks of \(verdict.inboxes) inboxes, "
      + "\(verdict.recounted) of them counted one by one"
    let count = verdict.faults.counts.values.reduce(0, +)
    guard count > 0 else { return "\(read): whole" }
    let canMend = verdict.faults.kinds.contains { $0.mending != nil }
    // Nothing is mended in a file that SQLite itself finds damaged.
    let advice =
      canMend && !verdict.faults.has(.file)
      ? "tidings verify --repair mends them"
      : verdict.faults.kinds == [.newer] ? "use that version" : "restore the store from a backup"
    return "\(read): \(count) faults (\(advice))"
  }

  private static func json(_ fault: Fault, isRepair: Bool) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("kind", fault.kind.rawValue)
    writer.member("count", fault.count)
    switch fault.place {
    case .message(let message):
      write(message.log, &writer)
      writer.member("number", message.seq)
      writer.member("nid", message.nid)
    case .log(let log): write(log, &writer)
    case .inbox(let inbox): write(inbox.own, &writer)
    case .other(let what): writer.member("place", what)
    }
    if isRepair { writer.member("mended", fault.isMended) }
    writer.endObject()
    // No name may do anything to a terminal.
    return writer.take().without(.terminal) + [UInt8(ascii: "\n")]
  }

  /// Names the log as calls do: announcements are nobody's.
  private static func write(_ log: LogName, _ writer: inout JSONWriter) {
    switch log.kind {
    case .team(let team): writer.member("team_id", team.string)
    case .member(let team, let user):
      writer.member("team_id", team.string)
      writer.member("user_id", user.string)
    case .account(let user): writer.member("user_id", user.string)
    case .everyone: writer.member("announcements", true)
    }
  }

  private static func json(_ verdict: Verdict) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("logs", verdict.logs)
    writer.member("messages", verdict.messages)
    writer.member("inboxes", verdict.inboxes)
    writer.member("recounted", verdict.recounted)
    writer.member("faults", verdict.faults.counts.values.reduce(0, +))
    writer.endObject()
    return writer.take() + [UInt8(ascii: "\n")]
  }
}
