import Seeds
import Testing

@testable import Inbox

/// Random sets compared with Swift's `Set`, low in the domain and at its very end.
@Suite struct SequenceSetRandomTests {
  static let places = [1, 1000, Int.max - 39]

  @Test(arguments: places)
  func pairsAgreeWithSet(_ lowest: Int) {
    var generator = SeededGenerator.printed()
    for _ in 0..<1500 {
      let (a, modelA) = randomPair(lowest: lowest, width: 40, using: &generator)
      let (b, modelB) = randomPair(lowest: lowest, width: 40, using: &generator)
      let common = modelA.intersection(modelB)
      expect(a.union(b), modelA.union(modelB), a, b, "union")
      expect(a.subtracting(b), modelA.subtracting(modelB), a, b, "subtracting")
      expect(a.intersection(b), common, a, b, "intersection")
      #expect(a.countIntersecting(b) == common.count, "\(a) and \(b)")
      #expect(a.isDisjoint(with: b) == common.isEmpty, "\(a) and \(b)")
      #expect(a.isSuperset(of: b) == modelA.isSuperset(of: modelB), "\(a) and \(b)")
      #expect((a == b) == (modelA == modelB), "\(a) and \(b)")
    }
  }

  /// If one set has few ranges and the other very many, the few are looked up rather than merged.
  @Test(arguments: [1, Int.max - 799])
  func fewRangesBesideManyAgreeWithSet(_ lowest: Int) {
    var generator = SeededGenerator.printed()
    for _ in 0..<150 {
      let (many, modelMany) = randomPair(lowest: lowest, width: 800, using: &generator)
      let ends = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
        lowest + Int.random(in: 0..<790, using: &generator)
      }
      let modelFew = Set(ends.flatMap { $0...$0 + Int.random(in: 0..<10, using: &generator) })
      let few = SequenceSet(numbers: modelFew)
      let common = modelFew.intersection(modelMany)
      expect(many.intersection(few), common, many, few, "intersection")
      expect(few.intersection(many), common, few, many, "intersection")
      expect(many.union(few), modelMany.union(modelFew), many, few, "union")
      expect(few.union(many), modelMany.union(modelFew), few, many, "union")
      expect(many.subtracting(few), modelMany.subtracting(modelFew), many, few, "subtracting")
      expect(few.subtracting(many), modelFew.subtracting(modelMany), few, many, "subtracting")
      #expect(many.countIntersecting(few) == common.count, "\(many) and \(few)")
      #expect(few.countIntersecting(many) == common.count, "\(few) and \(many)")
      #expect(many.isDisjoint(with: few) == common.isEmpty, "\(many) and \(few)")
      #expect(many.isSuperset(of: few) == (common == modelFew), "\(many) and \(few)")
    }
  }

  @Test(arguments: places)
  func singleSetsAgreeWithSet(_ lowest: Int) {
    var generator = SeededGenerator.printed()
    for _ in 0..<400 {
      let (set, model) = randomPair(lowest: lowest, width: 40, using: &generator)
      let members = model.sorted()
      #expect(Array(set.numbers) == members)
      #expect(set.count == members.count)
      for (k, member) in members.enumerated() where set.select(k) != member {
        Issue.record("select(\(k)) of \(set)")
      }
      let ends = (0..<2).map { _ in lowest - 1 + Int.random(in: 0...40, using: &generator) }
      let (x, y) = (ends[0], ends[1])
      #expect(set.contains(x) == model.contains(x), "\(x) in \(set)")
      #expect(set.rank(of: x) == members.count { $0 < x }, "\(x) in \(set)")
      expect(set.below(x), model.filter { $0 < x }, set, SequenceSet(x), "below")
      expect(set.above(x), model.filter { $0 > x }, set, SequenceSet(x), "above")
      let within = model.filter { x <= $0 && $0 <= y }
      expect(set.intersection(x, through: y), within, set, SequenceSet(x, through: y), "range")
      #expect(set.countIntersecting(x, through: y) == within.count, "\(x):\(y) in \(set)")
      let k = Int.random(in: -1...45, using: &generator)
      expect(set.newest(k), Set(members.suffix(max(k, 0))), set, SequenceSet(), "newest \(k)")
      expect(set.oldest(k), Set(members.prefix(max(k, 0))), set, SequenceSet(), "oldest \(k)")
    }
  }

  /// Long runs of changes in place to one value, while copies are held, so that sharing is tested too.
  @Test(arguments: places)
  func changesAgreeWithSet(_ lowest: Int) {
    var generator = SeededGenerator.printed()
    var set = SequenceSet()
    var model: Set<Int> = []
    var held = (set: set, model: model)
    for step in 0..<6000 {
      let x = lowest + Int.random(in: 0..<40, using: &generator)
      switch Int.random(in: 0..<20, using: &generator) {
      case 0..<8:
        set.insert(x)
        model.insert(x)
      case 8..<16:
        set.remove(x)
        model.remove(x)
      case 16:
        let (other, members) = randomPair(lowest: lowest, width: 40, using: &generator)
        set.formUnion(other)
        model.formUnion(members)
      case 17:
        let (other, members) = randomPair(lowest: lowest, width: 40, using: &generator)
        set.subtract(other)
        model.subtract(members)
      case 18:
        let (other, members) = randomPair(lowest: lowest, width: 40, using: &generator)
        set.formIntersection(other)
        model.formIntersection(members)
      default:
        held = (set, model)
      }
      guard isNormalised(set), Set(set.numbers) == model, Set(held.set.numbers) == held.model else {
        Issue.record("step \(step): \(set) instead of \(SequenceSet(numbers: model))")
        return
      }
    }
  }

  @Test(arguments: places)
  func lawsHold(_ lowest: Int) {
    var generator = SeededGenerator.printed()
    for _ in 0..<1000 {
      let a = randomPair(lowest: lowest, width: 40, using: &generator).set
      let b = randomPair(lowest: lowest, width: 40, using: &generator).set
      let c = randomPair(lowest: lowest, width: 40, using: &generator).set
      let all = SequenceSet(1, through: .max)
      let laws: [(String, Bool)] = [
        ("union commutes", a.union(b) == b.union(a)),
        ("intersection commutes", a.intersection(b) == b.intersection(a)),
        ("union associates", a.union(b).union(c) == a.union(b.union(c))),
        ("intersection associates", a.intersection(b).intersection(c) == a.intersection(b.intersection(c))),
        (
          "intersection distributes", a.intersection(b.union(c)) == a.intersection(b).union(a.intersection(c))
        ),
        ("union distributes", a.union(b.intersection(c)) == a.union(b).intersection(a.union(c))),
        ("absorption", a.union(a.intersection(b)) == a && a.intersection(a.union(b)) == a),
        ("idempotence", a.union(a) == a && a.intersection(a) == a && a.subtracting(a).isEmpty),
        ("de Morgan", all.subtracting(a.union(b)) == all.subtracting(a).intersection(all.subtracting(b))),
        ("complement twice", all.subtracting(all.subtracting(a)) == a),
        ("difference as intersection", a.subtracting(b) == a.intersection(all.subtracting(b))),
        ("parts make the whole", a.subtracting(b).union(a.intersection(b)) == a),
        ("sizes", a.union(b).count == a.count + b.count - a.countIntersecting(b)),
        ("halves", a.oldest(a.count / 2).union(a.newest(a.count - a.count / 2)) == a),
        ("superset", a.union(b).isSuperset(of: a) && a.isSuperset(of: a.intersection(b))),
        ("disjoint", a.subtracting(b).isDisjoint(with: b)),
      ]
      for (law, holds) in laws where !holds {
        Issue.record("\(law): \(a) and \(b) and \(c)")
      }
    }
  }

  private func expect(
    _ set: SequenceSet, _ model: Set<Int>, _ a: SequenceSet, _ b: SequenceSet, _ operation: String
  ) {
    guard !isNormalised(set) || Array(set.numbers) != model.sorted() else { return }
    Issue.record("\(operation) of \(a) and \(b) is \(SequenceSet(numbers: model)), not \(set)")
  }
}
