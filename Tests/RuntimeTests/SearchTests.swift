import Runtime
import Testing

struct SearchTests {
  @Test(arguments: [
    ("", "", 0), ("a", "", 0), ("", "a", nil), ("abc", "abc", 0), ("abc", "c", 2), ("abc", "cd", nil),
    ("aaab", "aab", 1), ("äöü", "öü", 2), ("a", "ab", nil),
  ])
  func theFirstPlaceIsFound(_ text: String, _ part: String, _ offset: Int?) {
    #expect(text.place(of: part).map { text.utf8.distance(from: text.startIndex, to: $0) } == offset)
    #expect(text.holds(part) == (offset != nil))
    // A part of a larger text has the places of its own.
    #expect("aa\(text)aa".dropFirst(2).dropLast(2).holds(part) == (offset != nil))
  }
}
