import Testing

@testable import JSON

/// Numbers that some reader of JSON can't hold, and their places.
struct UnfitNumberTests {
  private func place(_ text: String) throws -> String? {
    try JSON(parsing: Array(text.utf8)).unfitNumber(digits: 1_000)
  }

  private static let thousand = String(repeating: "1", count: 1_000)

  @Test(arguments: [
    "1e308", "-1.7976931348623157e308", "1e-400", "0e9999", "0.00E9999", "1E+0000000001", "{\"a\":[1,2.5]}",
    thousand, "-\(thousand)", "0." + String(repeating: "1", count: 999), "1e999", "1.1e999", "10e998",
    "1.5E+998", "1e-999", "12.5e-998", "0e-9999", "-0.0E+1000000",
    "\"\(thousand)1\"", "{\"\(thousand)1e9999\":1}",
  ]) func fit(_ text: String) throws {
    #expect(try place(text) == nil)
  }

  @Test(arguments: [
    ("1e1000", ""), ("-1e1400", ""), ("{\"a\":{\"b\":[0,1e9999]}}", "/a/b/1"), ("{\"~/\":1E+9999}", "/~0~1"),
    (thousand + "1", ""), ("1e-1000", ""), ("[12.5e-999]", "/0"), ("1.1e1000", ""),
    ("-1E-99999999999999999999", ""),
    ("0e1000001", ""), ("{\"a\":0.0e-99999999999999999999}", "/a"), ("[-\(thousand)1]", "/0"),
    ("0.\(thousand)", ""), ("\(thousand)e1", ""),
    ("1e99999999999999999999999", ""), ("[1e1,{\"x\":12e999},1e5000]", "/1/x"),
  ]) func unfit(_ text: String, _ pointer: String) throws {
    #expect(try place(text) == pointer)
  }
}
