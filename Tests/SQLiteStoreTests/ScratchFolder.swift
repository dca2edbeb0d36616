import Foundation
import Inbox
import SQLiteStore

/// A new folder for one test, removed with everything in it when the test releases it.
final class ScratchFolder: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "tidings-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit {
    do {
      try FileManager.default.removeItem(at: url)
    } catch {
      print("left behind: \(url.path): \(error)")
    }
  }

  func path(_ name: String) -> String { url.appending(path: name).path }

  /// Writes a file that only its owner may read.
  static func write(_ bytes: Data, _ path: String) throws {
    try bytes.write(to: URL(filePath: path))
    try chmod(path, 0o600)
  }

  static func chmod(_ path: String, _ mode: Int) throws {
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
  }

  /// The permission bits of a file's mode.
  static func mode(_ path: String) throws -> Int {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int ?? -1
  }

  /// The time at which the file was last written.
  static func changed(_ path: String) throws -> Date? {
    try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
  }
}

let team = LogName.team("t")
let bob = Inbox(user: "bob", team: "t")

func draft(_ content: String = "hello", key: Text? = nil) -> Draft {
  Draft(
    body: MessageBody(
      type: "note", sender: "ann", username: "Ann", teamName: "T", receiver: "bob", content: content,
      data: "{\"n\":1}"),
    key: key, digest: key == nil ? [] : MessageJudge.digest)
}

extension MessageJudge {
  /// The digest of every message, so that a key stands for any.
  static let digest = [UInt8](repeating: 7, count: 32)
  static let test = MessageJudge(
    digest: { _ in digest }, isData: { $0.hasPrefix("{") && $0.hasSuffix("}") })
}

extension ExaminedStore {
  func checkup() async throws -> [Finding] { try await checkup(.test) }
  func verify(repairs: Bool = false) async throws -> FaultTally {
    try await verify(Verification(.test, repairs: repairs)).faults
  }
}

extension SQLiteStore {
  func append(_ draft: Draft, to log: LogName = team) async throws -> Receipt {
    try await append(draft, to: [log])[0]
  }

  func messages(of log: LogName = team) async throws -> [Message] {
    try await read { try $0.messages(in: log, SequenceSet(1, through: .max)) }
  }

  func mark(_ flag: MarkChange.Flag, _ inbox: Inbox = bob) async throws -> Int {
    try await change(marksOf: inbox) { reader, state in
      try MarkChange(flag, .all).apply(to: &state, reader)
    }
  }
}
