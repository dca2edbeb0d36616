import Locks

/// Runs asynchronous work from a command's thread, which may block until it is done.
func wait<Value: Sendable>(for work: @escaping @Sendable () async throws -> Value) throws -> Value {
  try begin(work)()
}

/// Begins asynchronous work beside a command's thread; what is returned blocks until it is done.
func begin<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) -> () throws -> Value {
  let outcome = Monitor<Result<Value, any Error>?>(nil)
  Task.detached {
    let result: Result<Value, any Error>
    do {
      result = .success(try await work())
    } catch {
      result = .failure(error)
    }
    outcome.update { $0 = result }
  }
  return { try outcome.wait { $0 }.get() }
}
