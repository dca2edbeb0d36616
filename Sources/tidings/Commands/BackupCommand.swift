import API
import ArgumentParser
import Inbox
import SQLiteStore

/// Makes a copy of a file.
struct BackupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copy the store's file, also while programs write to it, and check the copy.",
    discussion: """
      tidings backup monday.db

      The copy is of one moment, readable by its owner only, and gets its name when it is whole, checked and on the \
      disk. Nothing is overwritten. MongoDB has tools of its own: mongodump.

      Exit status: 0 if the copy is there, 1 if the store has faults (then it is not), 64 if the store is no file, 69 \
      if the store can't be used, 73 if the copy can't be written.
      """)

  @Argument(help: ArgumentHelp("The copy, where nothing is yet.", valueName: "file"))
  var file: String

  @OptionGroup var store: StoreOptions
  @OptionGroup var log: LogOptions

  func run() throws {
    let url = try store.url(makesFolder: false)
    switch url {
    case .memory:
      throw CommandError(
        .badParameters, "a store in memory is gone with its process: there is nothing to copy")
    case .mongodb:
      throw CommandError(
        .badParameters,
        "MongoDB is backed up with its own tools: mongodump --oplog, as the page Backup describes")
    case .sqlite(let path):
      guard path.exists else {
        throw CommandError(.unavailable, "there is no file at \(path): tidings serve creates it")
      }
      let backup = try copy(path)
      guard backup.verdict.faults.isEmpty else {
        let kinds = backup.verdict.faults.kinds.map(\.rawValue).joined(separator: ", ")
        throw CommandError(
          .differs, "the store has faults (\(kinds)), and no copy was kept: tidings verify tells where")
      }
      try StandardOutput.write(
        line:
          "\(file): \(backup.size) bytes, \(backup.verdict.messages) messages in \(backup.verdict.logs) logs, "
          + "marks of \(backup.verdict.inboxes) inboxes; the copy is whole")
    }
  }

  private func copy(_ path: FilePath) throws -> SQLiteStore.Backup {
    let target = FilePath(bytes: file.systemBytes)
    let line = ProgressLine("copying")
    defer { line.end() }
    do {
      let store = try SQLiteStore(path: path, allowsSharing: store.allowSharedFile)
      let backup = try wait {
        try await store.backup(to: target, .contract) { done, all in
          line.show(all > 0 ? "\(done * 100 / all)%" : "")
        }
      }
      try wait { try await store.close() }
      return backup
    } catch let error as BackupError {
      throw CommandError(.cannotCreate, "\(error)")
    } catch let error as SQLiteOpenError {
      throw CommandError(.unavailable, "\(error)")
    } catch StoreError.unavailable(let reason) {
      throw CommandError(.unavailable, reason)
    } catch StoreError.damaged(let what) {
      throw CommandError(.differs, "\(what): tidings verify tells more")
    }
  }
}
