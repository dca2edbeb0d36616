import Testing

@testable import Inbox

@Suite struct SequenceSetTests {
  @Test(
    arguments: [
      ([], ""),
      ([7], "7"),
      ([3, 1, 2], "1:3"),
      ([5, 5, 1, 5], "1,5"),
      ([9, 7, 8, 1, 3, 2], "1:3,7:9"),
      ([0, -4, .min, 2], "2"),
      ([.max, .max - 1, 1], "1,9223372036854775806:9223372036854775807"),
      ([1, 2, 3, 10, 11, 4, 9], "1:4,9:11"),
    ] as [([Int], String)])
  func fromNumbers(_ numbers: [Int], _ text: String) {
    let set = SequenceSet(numbers: numbers)
    #expect(set.description == text)
    expectNormalised(set)
  }

  @Test(
    arguments: [
      (1, 3, "1:3"), (4, 4, "4"), (5, 4, ""), (0, 3, "1:3"), (-9, 0, ""),
      (.min, .max, "1:9223372036854775807"),
      (.max, .max, "9223372036854775807"), (.max, .min, ""),
    ] as [(Int, Int, String)])
  func fromARange(_ first: Int, _ last: Int, _ text: String) {
    let set = SequenceSet(first, through: last)
    #expect(set.description == text)
    expectNormalised(set)
  }

  @Test func fromOneNumber() {
    #expect(SequenceSet(4).spans == [SequenceSet.Span(first: 4, last: 4)])
    #expect(SequenceSet(0).isEmpty)
    #expect(SequenceSet(-1) == SequenceSet())
  }

  @Test(
    arguments: [
      ("", 0, nil, nil), ("8", 1, 8, 8), ("2:5", 4, 2, 5), ("1:500,502:1000", 999, 1, 1000),
      ("1:9223372036854775807", .max, 1, .max), ("1,9223372036854775807", 2, 1, .max),
      ("1:9223372036854775805,9223372036854775807", .max - 1, 1, .max),
    ] as [(String, Int, Int?, Int?)])
  func size(_ text: String, _ count: Int, _ first: Int?, _ last: Int?) throws {
    let set = try sequenceSet(text)
    #expect(set.count == count)
    #expect(set.isEmpty == (count == 0))
    #expect(set.first == first)
    #expect(set.last == last)
  }

  @Test(arguments: ["", "5", "3:6", "1:3,7,10:12", "2,4,6,8,10", "9223372036854775807"])
  func membership(_ text: String) throws {
    let set = try sequenceSet(text)
    let members = Set(set.numbers)
    for n in [Int.min, -1, 0, .max - 1, .max] + Array(1...14) {
      #expect(set.contains(n) == members.contains(n), "\(n)")
    }
  }

  @Test(arguments: [
    // The first set, the second, the union, the first without the second, the intersection.
    ("", "", "", "", ""),
    ("", "1:3", "1:3", "", ""),
    ("1:3", "", "1:3", "1:3", ""),
    ("1:3", "4:6", "1:6", "1:3", ""),
    ("4:6", "1:3", "1:6", "4:6", ""),
    ("1:3", "5:6", "1:3,5:6", "1:3", ""),
    ("1:9", "4", "1:9", "1:3,5:9", "4"),
    ("1:9", "1", "1:9", "2:9", "1"),
    ("1:9", "9", "1:9", "1:8", "9"),
    ("4", "1:9", "1:9", "", "4"),
    ("1:5", "3:9", "1:9", "1:2", "3:5"),
    ("3:9", "1:5", "1:9", "6:9", "3:5"),
    ("1:3", "1:3", "1:3", "", "1:3"),
    ("1,3,5", "2,4", "1:5", "1,3,5", ""),
    ("1,3,5", "1,3,5", "1,3,5", "", "1,3,5"),
    ("1,3,5", "1,5", "1,3,5", "3", "1,5"),
    ("1,3,5", "2", "1:3,5", "1,3,5", ""),
    ("1,3,5", "2:4", "1:5", "1,5", "3"),
    ("1,3,5", "1:9", "1:9", "", "1,3,5"),
    ("1:9", "1,3,5", "1:9", "2,4,6:9", "1,3,5"),
    ("1:3,5:7", "7:9,11", "1:3,5:9,11", "1:3,5:6", "7"),
    ("1:3,5:7", "8,10", "1:3,5:8,10", "1:3,5:7", ""),
    ("8,10", "1:3,5:7", "1:3,5:8,10", "8,10", ""),
    ("2:4,8:10", "1,5:7,11", "1:11", "2:4,8:10", ""),
    ("1:4,8:20", "3:9,11,19:30", "1:30", "1:2,10,12:18", "3:4,8:9,11,19:20"),
    ("10:20,30:40", "12:13,15,18:33,35", "10:40", "10:11,14,16:17,34,36:40", "12:13,15,18:20,30:33,35"),
    ("1,3", "100:200,300", "1,3,100:200,300", "1,3", ""),
    ("100:200,300", "1,3", "1,3,100:200,300", "100:200,300", ""),
    ("1:9223372036854775807", "1", "1:9223372036854775807", "2:9223372036854775807", "1"),
    (
      "1:9223372036854775807", "9223372036854775807", "1:9223372036854775807", "1:9223372036854775806",
      "9223372036854775807"
    ),
    (
      "9223372036854775806", "9223372036854775807", "9223372036854775806:9223372036854775807",
      "9223372036854775806", ""
    ),
    (
      "1,9223372036854775807", "2,9223372036854775806", "1:2,9223372036854775806:9223372036854775807",
      "1,9223372036854775807", ""
    ),
    ("1,9223372036854775807", "3,9223372036854775807", "1,3,9223372036854775807", "1", "9223372036854775807"),
    (
      "1:9223372036854775807", "5,9223372036854775807", "1:9223372036854775807",
      "1:4,6:9223372036854775806", "5,9223372036854775807"
    ),
  ])
  func algebra(_ a: String, _ b: String, _ union: String, _ without: String, _ common: String) throws {
    let (a, b) = (try sequenceSet(a), try sequenceSet(b))
    #expect(a.union(b).description == union)
    #expect(a.subtracting(b).description == without)
    #expect(a.intersection(b).description == common)
    for set in [a.union(b), a.subtracting(b), a.intersection(b)] { expectNormalised(set) }

    var set = a
    set.formUnion(b)
    #expect(set == a.union(b))
    set = a
    set.subtract(b)
    #expect(set == a.subtracting(b))
    set = a
    set.formIntersection(b)
    #expect(set == a.intersection(b))

    let shared = try sequenceSet(common)
    #expect(a.countIntersecting(b) == shared.count)
    #expect(b.countIntersecting(a) == shared.count)
    #expect(a.isDisjoint(with: b) == shared.isEmpty)
    #expect(b.isDisjoint(with: a) == shared.isEmpty)
    #expect(a.isSuperset(of: b) == (shared == b))
    #expect(b.isSuperset(of: a) == (shared == a))
  }

  @Test(
    arguments: [
      ("", 3, "3"), ("3", 3, "3"), ("1:2", 3, "1:3"), ("4:5", 3, "3:5"), ("1:2,4:5", 3, "1:5"),
      ("1,5", 3, "1,3,5"), ("1,9,20", 10, "1,9:10,20"), ("1,9,20", 19, "1,9,19:20"),
      ("1,9,20", 30, "1,9,20,30"),
      ("5,9", 1, "1,5,9"), ("5,9", 0, "5,9"), ("5", -3, "5"), ("1,3", .max, "1,3,9223372036854775807"),
      ("1,9223372036854775807", .max - 1, "1,9223372036854775806:9223372036854775807"),
      ("1,9223372036854775807", .max, "1,9223372036854775807"),
    ] as [(String, Int, String)])
  func insertion(_ before: String, _ n: Int, _ after: String) throws {
    var set = try sequenceSet(before)
    let copy = set
    set.insert(n)
    #expect(set.description == after)
    #expect(copy.description == before, "a copy keeps its value")
    expectNormalised(set)
  }

  @Test(
    arguments: [
      ("", 3, ""), ("3", 3, ""), ("4", 3, "4"), ("1:3", 3, "1:2"), ("3:5", 3, "4:5"), ("1:5", 3, "1:2,4:5"),
      ("1,3", 3, "1"), ("1,3", 1, "3"), ("1,3", 2, "1,3"), ("1,3,5", 3, "1,5"), ("1:3,7:9", 8, "1:3,7,9"),
      ("1:3,7:9", 0, "1:3,7:9"), ("1:3,7:9", .min, "1:3,7:9"), ("1,9223372036854775807", .max, "1"),
      ("1:9223372036854775807", .max, "1:9223372036854775806"),
    ] as [(String, Int, String)])
  func removal(_ before: String, _ n: Int, _ after: String) throws {
    var set = try sequenceSet(before)
    let copy = set
    set.remove(n)
    #expect(set.description == after)
    #expect(copy.description == before, "a copy keeps its value")
    expectNormalised(set)
  }

  @Test(
    arguments: [
      ("", 1, 9, ""), ("3:6", 1, 2, ""), ("3:6", 7, 9, ""), ("3:6", 1, 3, "3"), ("3:6", 6, 9, "6"),
      ("3:6", 4, 5, "4:5"), ("3:6", 5, 4, ""), ("3:6", .min, .max, "3:6"),
      ("1:3,5:7,9", 1, 9, "1:3,5:7,9"), ("1:3,5:7,9", 2, 9, "2:3,5:7,9"), ("1:3,5:7,9", 2, 6, "2:3,5:6"),
      ("1:3,5:7,9", 4, 4, ""), ("1:3,5:7,9", 4, 8, "5:7"), ("1:3,5:7,9", 6, 6, "6"), ("1:3,5:7,9", 6, 5, ""),
      ("1:3,5:7,9", 3, 2, ""), ("1:3,5:7,9", 2, 0, ""), ("1:3,5:7,9", 9, .max, "9"),
      ("1:3,5:7,9", 10, .max, ""), ("1:3,5:7,9", .min, 0, ""), ("1:3,5:7,9", .max, .min, ""),
    ] as [(String, Int, Int, String)])
  func withinARange(_ text: String, _ first: Int, _ last: Int, _ expected: String) throws {
    let set = try sequenceSet(text)
    let part = set.intersection(first, through: last)
    #expect(part.description == expected)
    #expect(set.countIntersecting(first, through: last) == part.count)
    expectNormalised(part)
  }

  @Test(arguments: [
    "", "4", "2:5", "1:3,5:7,9", "1,3,5,7,9,11", "2:3,9223372036854775806:9223372036854775807",
  ])
  func ranks(_ text: String) throws {
    let set = try sequenceSet(text)
    let members = Array(set.numbers)
    for (k, member) in members.enumerated() {
      #expect(set.select(k) == member)
      #expect(set.rank(of: member) == k)
    }
    for n in [Int.min, 0, .max - 1, .max] + Array(1...14) {
      #expect(set.rank(of: n) == members.count { $0 < n }, "\(n)")
      #expect(Array(set.below(n).numbers) == members.filter { $0 < n }, "\(n)")
      #expect(Array(set.above(n).numbers) == members.filter { $0 > n }, "\(n)")
    }
    for k in [Int.min, -1, .max] + Array(0...8) {
      #expect(Array(set.newest(k).numbers) == Array(members.suffix(max(k, 0))), "\(k)")
      #expect(Array(set.oldest(k).numbers) == Array(members.prefix(max(k, 0))), "\(k)")
    }
    #expect(set.numbers.underestimatedCount == members.count)
  }

  @Test func ranksOfTheWholeDomain() {
    let all = SequenceSet(1, through: .max)
    #expect(all.count == .max)
    #expect(all.select(.max - 1) == .max)
    #expect(all.rank(of: .max) == .max - 1)
    #expect(all.countIntersecting(all) == .max)
    #expect(all.newest(2).description == "9223372036854775806:9223372036854775807")
    var set = all
    set.remove(5)
    #expect(set.count == .max - 1)
    #expect(set.select(.max - 2) == .max)
    #expect(set.rank(of: .max) == .max - 2)
  }

  @Test func equalSetsAreEqualHoweverTheyWereMade() throws {
    var a = try sequenceSet("1:3,5:7")
    a.insert(9)
    a.remove(9)
    let b = SequenceSet(numbers: [7, 6, 5, 3, 2, 1])
    #expect(a == b)
    #expect(a.hashValue == b.hashValue)
    a.insert(4)
    #expect(a == SequenceSet(1, through: 7))
    a.remove(SequenceSet.Span(first: 1, last: 7))
    #expect(a == SequenceSet())
    #expect(try sequenceSet("1:3") != sequenceSet("1:4"))
    #expect(try sequenceSet("1,3") != sequenceSet("1,4"))
  }
}
