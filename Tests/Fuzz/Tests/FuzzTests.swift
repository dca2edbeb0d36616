import Foundation
import JSONSupport
import Seeds
import Testing

/// Runs every fuzz target on known inputs: its seeds, the inputs that once broke something, and damaged
/// copies of both. `make fuzz` looks for more.
struct FuzzTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  private static let transcripts = folder.deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Schemas/transcripts")

  @Test(arguments: FuzzTarget.all.map(\.name)) func seedsAndCases(_ name: String) async throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    let seeds = target.seeds(try Transcript.all(in: Self.transcripts))
    #expect(seeds.count >= 20)
    let cases = try Self.cases(of: name)
    // On a thread of its own: this takes seconds, and a thread of the pool must not be blocked for so long.
    let faults = await withCheckedContinuation { continuation in
      Thread.detachNewThread { continuation.resume(returning: Self.faults(of: target, seeds, cases)) }
    }
    for fault in faults { Issue.record("\(fault)") }
  }

  /// The faults that the target finds in seeds, cases and their damaged copies.
  private static func faults(of target: FuzzTarget, _ seeds: [[UInt8]], _ cases: [[UInt8]]) -> [String] {
    var faults = (seeds + cases).compactMap { fault(of: target, $0) }
    var generator = SeededGenerator.printed(target.name)
    for _ in 0..<1_000 {
      guard var input = (seeds + cases).randomElement(using: &generator), !input.isEmpty else { continue }
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        damage(&input, with: seeds, using: &generator)
      }
      if let fault = fault(of: target, input) { faults.append(fault) }
    }
    return faults
  }

  /// The files of the target's folder of cases.
  private static func cases(of name: String) throws -> [[UInt8]] {
    let place = folder.appending(path: "Cases").appending(path: name)
    return try FileManager.default.contentsOfDirectory(at: place, includingPropertiesForKeys: nil)
      .map { [UInt8](try Data(contentsOf: $0)) }
  }

  /// The fault that the target finds in one input; nil if there is none.
  private static func fault(of target: FuzzTarget, _ input: [UInt8]) -> String? {
    do {
      try target.check(input)
      return nil
    } catch {
      return "\(error): \(shown(input)), base64 \(Data(input).base64EncodedString())"
    }
  }

  /// Changes, removes, repeats or inserts some bytes.
  private static func damage(
    _ input: inout [UInt8], with seeds: [[UInt8]], using generator: inout SeededGenerator
  ) {
    let start = Int.random(in: 0...input.count, using: &generator)
    let end = min(input.count, start + Int.random(in: 0...8, using: &generator))
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: input.removeSubrange(start..<end)
    case 1: input.insert(contentsOf: input[start..<end], at: start)
    case 2:
      let other = seeds.randomElement(using: &generator) ?? []
      let from = Int.random(in: 0...other.count, using: &generator)
      input.replaceSubrange(start..<end, with: other[from..<min(other.count, from + 16)])
    default: input.replaceSubrange(start..<end, with: [UInt8.random(in: 0...255, using: &generator)])
    }
  }
}
