import Inbox
import MemoryStore
import Moving
import Seeds
import Testing

/// No export, whoever edited it, makes a store in which a verification would find a fault.
struct EditedExportContract {
  @Test(arguments: StoreUnderTest.allCases)
  func whatAVerificationWouldFindIsRefusedOrMended(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      #expect(try await problems(EditedExport.lines, store) == [])
      for fault in FaultKind.allCases {
        for (place, edit) in EditedExport.edits(fault).enumerated() {
          var lines = EditedExport.lines
          edit.change(&lines)
          // A team of its own for each, which a fault would be named with.
          lines = lines.map { $0.replacing(#""team_id":"t""#, with: #""team_id":"\#(fault) \#(place)""#) }
          let problems = try await problems(lines, store)
          switch edit.outcome {
          case .mended: #expect(problems == [], "\(fault)")
          case .refused(let sentence):
            #expect(problems.contains { $0.contains(": \(sentence)") }, "\(fault): \(sentence): \(problems)")
          }
        }
      }
      let verdict = try await store.verify(Verification(EditedExport.judge))
      #expect(verdict.faults.isEmpty, "\(verdict.faults)")
    }
  }

  /// Bytes and lines that are changed, doubled, swapped or left out at random.
  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func noEditMakesAFaultyStore(_ seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    var taken = 0
    for _ in 0..<150 {
      var lines = EditedExport.lines
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: 0..<lines.count, using: &random)
        switch Int.random(in: 0..<8, using: &random) {
        case 0: lines.swapAt(place, .random(in: 0..<lines.count, using: &random))
        case 1: lines.insert(lines[place], at: .random(in: 0...lines.count, using: &random))
        case 2 where lines.count > 2: lines.remove(at: place)
        default:
          var bytes = Array(lines[place].utf8)
          guard !bytes.isEmpty else { continue }
          let new = Array(#"0123456789AB"{}[],:\x"#.utf8)
          bytes[.random(in: 0..<bytes.count, using: &random)] = new.randomElement(using: &random)!
          lines[place] = String(decoding: bytes, as: UTF8.self)
        }
      }
      let store = MemoryStore()
      if try await problems(lines, store).isEmpty { taken += 1 }
      let verdict = try await store.verify(Verification(EditedExport.judge))
      #expect(verdict.faults.isEmpty, "\(verdict.faults): \(lines)")
    }
    #expect(taken > 0)
  }

  /// Imports lines and leaves out what can't be: the problems.
  private func problems(_ lines: [String], _ store: any ExaminedStore) async throws -> [String] {
    var problems: [String] = []
    var reader = ExportReader(EditedExport.judge)
    for (index, line) in lines.enumerated() {
      do throws(ExportReader.Problem) {
        try reader.read(Array(line.utf8), line: index + 1)
      } catch {
        problems.append("\(error)")
        guard reader.isUsable else { return problems }
      }
    }
    let portion = reader.take()
    var items = portion.items
    while true {
      do {
        _ = try await store.restore(items)
        return problems
      } catch StoreError.unfit(let unfit) {
        problems.append("line \(portion.line(of: unfit) ?? 0): \(unfit)")
        items.removeAll { item in
          switch item {
          case .entries(let log, _, _), .record(let log, _): log == unfit.log
          case .marks(let inbox, _): inbox.own == unfit.log
          }
        }
      }
    }
  }
}
