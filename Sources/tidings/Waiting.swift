import Dispatch

/// Runs asynchronous work from a command's thread, which may block until it is done.
func wait<Value: Sendable>(for work: @escaping @Sendable () async throws -> Value) throws -> Value {
  let done = DispatchSemaphore(value: 0)
  let outcome = Outcome<Value>()
  Task.detached {
    do {
      outcome.result = .success(try await work())
    } catch {
      outcome.result = .failure(error)
    }
    done.signal()
  }
  done.wait()
  return try outcome.result!.get()
}

/// A result on its way from a task to the thread that waits for it; @unchecked because the semaphore orders
/// the one write before the one read.
private final class Outcome<Value: Sendable>: @unchecked Sendable {
  var result: Result<Value, any Error>?
}
