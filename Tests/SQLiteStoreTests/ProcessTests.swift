import Foundation
import Inbox
import SQLiteStore
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Several stores on one file, in one process and in many.
struct ProcessTests {
  @Test func twoStoresInOneProcess() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let stores = [try SQLiteStore(path: path), try SQLiteStore(path: path)]
    let seqs = try await withThrowingTaskGroup(of: [Int].self) { group in
      for store in stores {
        for task in 0..<8 {
          group.addTask {
            var seqs: [Int] = []
            for n in 0..<25 {
              // One append with a key that both stores use, and one without a key.
              _ = try await store.append(draft("\(task)", key: Text("\(task) \(n)")), to: .everyone)
              let seq = try await store.append(draft("\(task)")).seq
              // This store sees what it was told, and so does the other.
              for store in stores {
                let head = try await store.read { try $0.state(of: bob).shared.head }
                #expect(head >= seq)
              }
              seqs.append(seq)
            }
            return seqs
          }
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(seqs.sorted() == Array(1...400))
    for store in stores {
      #expect(try await store.messages().map(\.seq) == Array(1...400))
      #expect(try await store.messages(of: .everyone).count == 200)
    }
    // The first store that closes does not disturb the other.
    try await stores[0].close()
    #expect(try await stores[1].append(draft()).seq == 401)
    try await stores[1].close()
  }

  @Test func fourProcessesWriteAtOnce() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    await withTaskGroup(of: Void.self) { group in
      for index in 0..<4 {
        group.addTask {
          await #expect(processExitsWith: .success) { [path = path as String, index = index as Int] in
            let store = try SQLiteStore(path: path)
            let user = Text("user \(index)")
            try await withThrowingTaskGroup(of: Void.self) { group in
              for n in 0..<150 {
                group.addTask {
                  let receipt = try await store.append(draft("\(index) \(n)", key: Text("\(index) \(n)")))
                  let again = try await store.append(draft("\(index) \(n)", key: Text("\(index) \(n)")))
                  precondition(again.seq == receipt.seq && again.duplicate)
                  _ = try await store.mark(.read, Inbox(user: user, team: "t"))
                }
              }
              try await group.waitForAll()
            }
            try await store.close()
          }
        }
      }
    }
    let store = try SQLiteStore(path: path)
    let messages = try await store.messages()
    #expect(messages.map(\.seq) == Array(1...600))
    #expect(Set(messages.map(\.body.content)).count == 600)
    #expect(zip(messages, messages.dropFirst()).allSatisfy { $0.time <= $1.time })
    let findings = try await store.checkup()
    #expect(findings.allSatisfy { $0.isWell })
    try await store.close()
  }

  @Test(arguments: 1...4)
  func nothingAcknowledgedIsLostWhenAProcessIsKilled(round: Int) async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let notes = folder.path("acknowledged")
    for life in 1...3 {
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [path = path as String, notes = notes as String, limit = (round * 37 + life * 20) as Int] in
        let store = try SQLiteStore(path: path)
        // Written before the process dies: the system keeps it.
        let file = open(notes, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        await withTaskGroup(of: Void.self) { group in
          for task in 0..<8 {
            group.addTask {
              do {
                while true {
                  let name = UUID().uuidString
                  let seq = try await store.append(draft(name)).seq
                  let line = "\(seq) \(name)\n"
                  _ = line.withCString { write(file, $0, strlen($0)) }
                  if task == 0, seq >= limit { kill(getpid(), SIGKILL) }
                }
              } catch {
                fatalError("\(error)")
              }
            }
          }
        }
      }
    }
    let store = try SQLiteStore(path: path)
    let messages = try await store.messages()
    #expect(messages.map(\.seq) == Array(1...messages.count))
    let acknowledged = try String(contentsOfFile: notes, encoding: .utf8).split(separator: "\n")
    #expect(!acknowledged.isEmpty)
    for line in acknowledged {
      let words = line.split(separator: " ")
      let seq = try #require(Int(words[0]))
      #expect(messages[seq - 1].body.content == String(words[1]))
    }
    #expect(try await store.checkup().allSatisfy { $0.isWell })
    try await store.close()
  }
}
