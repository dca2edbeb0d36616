import Testing

@testable import Mongo

@Suite("Elections")
struct ElectionsTests {
  @Test("where there are none, nothing has to be confirmed")
  func none() {
    let elections = Elections()
    #expect(elections.last == 0 && elections.isConfirmed(0))
  }

  @Test("each has to be confirmed once")
  func each() {
    let elections = Elections()
    elections.met("a")
    #expect(elections.last == 1 && !elections.isConfirmed(1))
    elections.met("a")
    #expect(elections.last == 1)
    elections.confirm(1)
    #expect(elections.isConfirmed(1))
    elections.met("b")
    elections.met("a")
    #expect(elections.last == 3 && !elections.isConfirmed(3))
  }

  @Test("a late confirmation of an earlier one takes nothing back, and gives nothing to a later one")
  func late() {
    let elections = Elections()
    for name in ["a", "b", "c"] { elections.met(name) }
    elections.confirm(2)
    elections.confirm(1)
    #expect(elections.isConfirmed(2) && !elections.isConfirmed(3))
  }
}
