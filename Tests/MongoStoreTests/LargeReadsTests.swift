import Testing

@testable import MongoStore

/// The number of views that hold many bytes at once.
struct LargeReadsTests {
  @Test func placesAreGivenBack() async throws {
    let reads = LargeReads(places: 2)
    let passes = (0..<3).map { _ in reads.pass() }
    #expect(passes[0].mayBeLarge() && passes[0].mayBeLarge() && passes[1].mayBeLarge())
    #expect(!passes[2].mayBeLarge())
    passes[0].end()
    passes[0].end()
    try await passes[2].wait()
    #expect(passes[2].mayBeLarge() && !passes[0].mayBeLarge())
    passes[1].end()
    passes[2].end()
    #expect(passes[0].mayBeLarge() && passes[1].mayBeLarge())
  }

  @Test func manyShareOnePlaceAndSomeAreCancelled() async throws {
    let reads = LargeReads(places: 1)
    let first = reads.pass()
    #expect(first.mayBeLarge())
    let tasks = (0..<100).map { _ in
      Task {
        let pass = reads.pass()
        defer { pass.end() }
        try await pass.wait()
        return pass.mayBeLarge()
      }
    }
    for index in stride(from: 0, to: 100, by: 3) { tasks[index].cancel() }
    for index in stride(from: 0, to: 100, by: 3) {
      await #expect(throws: CancellationError.self) { try await tasks[index].value }
    }
    first.end()
    for index in 0..<100 where index % 3 != 0 { #expect(try await tasks[index].value) }
    #expect(first.mayBeLarge())
  }
}
