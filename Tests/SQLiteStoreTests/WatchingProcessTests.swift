import Foundation
import Inbox
import Testing

@testable import SQLiteStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Watching across processes, and what it leaves in one.
struct WatchingProcessTests {
  @Test func anotherProcessOnTheFileIsTold() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let store = try SQLiteStore(path: path)
    let wakes = Wakes(of: store)
    for _ in 0..<3 {
      await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
        let store = try SQLiteStore(path: path)
        for log in [LogName.everyone, team, bob.own] { _ = try await store.append(draft(), to: log) }
        kill(getpid(), SIGKILL)
      }
      await wakes.expect([.everyone, team, bob.own])
    }
    wakes.watch.end()
    try await store.close()
  }

  /// Whoever was killed while it wrote the index's header leaves it torn; SQLite makes the index anew, and counts the
  /// commits from 0 on.
  @Test func commitsThatAreCountedAnew() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let (store, other) = (try SQLiteStore(path: path), try SQLiteStore(path: path))
    for _ in 0..<10 { _ = try await store.append(draft()) }
    let wakes = Wakes(of: store)
    for _ in 0..<3 {
      // In another process, since closing the index would drop this one's locks on it.
      await #expect(processExitsWith: .success) { [path = path as String] in
        let index = open(path + "-shm", O_RDWR)
        precondition(pwrite(index, [0xFF, 0xFF, 0xFF, 0xFF] as [UInt8], 4, 8) == 4)
      }
      // Also if nobody looks before the next commit.
      _ = try await other.append(draft(), to: .everyone)
      await wakes.expect([.everyone])
      for log in [team, bob.own] {
        _ = try await other.append(draft(), to: log)
        await wakes.expect([log])
      }
    }
    #expect(try await store.messages().count == 13)
    wakes.watch.end()
    for store in [store, other] { try await store.close() }
  }

  #if os(Linux)
    @Test func nothingIsLeft() async throws {
      let folder = try ScratchFolder()
      await #expect(processExitsWith: .success) { [path = folder.path("a.db") as String] in
        let (store, other) = (try SQLiteStore(path: path), try SQLiteStore(path: path))
        for _ in 0..<50 {
          let wakes = [Wakes(of: store), Wakes(of: other), Wakes(of: other)]
          _ = try await store.append(draft())
          for wakes in wakes { await wakes.expect([team]) }
          let descriptors = try watching().descriptors
          precondition(descriptors >= 2)
          for wakes in wakes { wakes.watch.end() }
        }
        try await untilWatching(descriptors: 0, threads: 0)
        for store in [store, other] { try await store.close() }
      }
    }

    @Test func closingLeavesNothingThatWatches() async throws {
      let folder = try ScratchFolder()
      await #expect(processExitsWith: .success) { [path = folder.path("a.db") as String] in
        let store = try SQLiteStore(path: path)
        let watches = (0..<3).map { _ in store.watch { _ in } }
        try await untilWatching(descriptors: 1, threads: 1)
        try await store.close()
        try await untilWatching(descriptors: 0, threads: 0)
        for watch in watches { watch.end() }
      }
    }

    /// With no inotify to be had, the file is looked at now and then.
    @Test func inotifyIsNotNeeded() async throws {
      let folder = try ScratchFolder()
      await #expect(processExitsWith: .success) { [path = folder.path("a.db") as String] in
        let (store, other) = (try SQLiteStore(path: path), try SQLiteStore(path: path))
        for log in [team, .everyone] {
          // All descriptors that this process may have are taken.
          var taken: [Int32] = []
          while case let descriptor = open("/dev/null", O_RDONLY), descriptor >= 0 {
            taken.append(descriptor)
          }
          let wakes = Wakes(of: store)
          for descriptor in taken { close(descriptor) }
          try await untilWatching(descriptors: 0, threads: 1)
          _ = try await other.append(draft(), to: log)
          await wakes.expect([log])
          wakes.watch.end()
          try await untilWatching(descriptors: 0, threads: 0)
        }
        for store in [store, other] { try await store.close() }
      }
    }
  #endif
}

#if os(Linux)
  /// Waits until this process has so many descriptors and threads that watch a file.
  private func untilWatching(descriptors: Int, threads: Int) async throws {
    for _ in 0..<60_000 {
      // A thread names itself once it runs, and ends by itself.
      if try watching() == (descriptors, threads) { return }
      try await Task.sleep(for: .milliseconds(10))
    }
    preconditionFailure("\(descriptors) descriptors and \(threads) threads are not what there is")
  }

  /// How many descriptors and threads this process has that watch a file.
  private func watching() throws -> (descriptors: Int, threads: Int) {
    let files = FileManager.default
    // Those that are gone meanwhile don't count.
    let descriptors = try files.contentsOfDirectory(atPath: "/proc/self/fd").count {
      var target = [CChar](repeating: 0, count: 256)
      return readlink("/proc/self/fd/\($0)", &target, 255) > 0
        && target.starts(with: "anon_inode:inotify".utf8CString.dropLast())
    }
    let threads = try files.contentsOfDirectory(atPath: "/proc/self/task").count {
      files.contents(atPath: "/proc/self/task/\($0)/comm").map { $0.starts(with: "tidings-watch".utf8) }
        ?? false
    }
    return (descriptors, threads)
  }
#endif
