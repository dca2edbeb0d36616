import Foundation
import Inbox

/// Waits for `body` on a thread that may block.
func waitFor<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
  let done = DispatchSemaphore(value: 0)
  let outcome = Outcome<Value>()
  Task.detached {
    do {
      outcome.result = .success(try await body())
    } catch {
      outcome.result = .failure(error)
    }
    done.signal()
  }
  done.wait()
  guard let result = outcome.result else { preconditionFailure("set before the signal") }
  return try result.get()
}

extension MessageStore {
  /// Closes the store from a thread that may block.
  func closeAndWait() throws {
    try waitFor { try await self.close() }
  }
}

/// A result on its way from a task to the thread that waits for it; @unchecked because the semaphore orders
/// the one write before the one read.
private final class Outcome<Value: Sendable>: @unchecked Sendable {
  var result: Result<Value, any Error>?
}
