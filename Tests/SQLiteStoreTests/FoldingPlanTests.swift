import Testing

@testable import SQLiteStore

/// The times at which the write-ahead log is folded in.
struct FoldingPlanTests {
  private static func look(_ size: Int, _ second: Int = 0) -> FoldingPlan.Look {
    FoldingPlan.Look(size: size, changed: .init(seconds: second, nanoseconds: 0))
  }

  private func expectIdle(
    _ plan: inout FoldingPlan, _ look: FoldingPlan.Look, _ folds: Bool,
    location: SourceLocation = #_sourceLocation
  ) {
    let found = plan.whileIdle(look)
    #expect(found == folds, sourceLocation: location)
  }

  @Test func afterCommitsItIsFoldedEveryThousandPagesWhoeverWroteThem() {
    var plan = FoldingPlan()
    let steps: [(pages: Int, step: FoldingPlan.Step)] = [
      (1, .nothing), (999, .nothing), (1000, .some), (1500, .nothing), (2000, .some),
      // The log was folded, and begins anew.
      (3, .nothing), (999, .nothing), (1000, .some),
      // Another process wrote; a reader holds the log.
      (15_999, .some), (16_998, .nothing), (16_999, .all), (17_000, .nothing), (40_000, .all),
      (10, .nothing), (1010, .some),
    ]
    for (pages, step) in steps {
      #expect(plan.afterCommit(pages: pages, Self.look(pages)) == step, "\(pages)")
    }
  }

  @Test func whenNobodyWroteForASecondItIsFolded() {
    var plan = FoldingPlan()
    expectIdle(&plan, Self.look(0), false)
    // Another process wrote: it may continue to do so.
    expectIdle(&plan, Self.look(4096), false)
    expectIdle(&plan, Self.look(8192), false)
    // The same length once more belongs to another log.
    expectIdle(&plan, Self.look(8192, 1), false)
    expectIdle(&plan, Self.look(8192, 1), true)
    plan.folded(true)
    expectIdle(&plan, Self.look(0, 2), false)
    expectIdle(&plan, Self.look(0, 2), false)
  }

  @Test func aSecondAfterItsOwnCommitItIsFoldedAtOnce() {
    var plan = FoldingPlan()
    let step = plan.afterCommit(pages: 1, Self.look(4096))
    #expect(step == .nothing)
    expectIdle(&plan, Self.look(4096), true)
  }

  @Test func whatKeepsFailingIsTriedLessOften() {
    var plan = FoldingPlan()
    expectIdle(&plan, Self.look(4096), false)
    var tries: [Int] = []
    for second in 0..<300 where plan.whileIdle(Self.look(4096)) {
      tries.append(second)
      plan.folded(false)
    }
    #expect(tries == [0, 3, 8, 17, 34, 67, 128, 189, 250])
    // Something new was written.
    expectIdle(&plan, Self.look(8192), false)
    expectIdle(&plan, Self.look(8192), true)
  }
}
