import JSON
import JSONSupport
import Testing

@Suite("Texts that are JSON")
struct AcceptedTests {
  /// Every text here has the same meaning to the reference reader.
  @Test(arguments: structures + whiteSpace + numbers + strings + raw)
  func accepted(_ text: [UInt8]) throws {
    let json = try JSON(parsing: text)
    let value = try Value(json)
    #expect(value == (try ReferenceReader.read(text)), "\(shown(text))")
    // Writing the value gives the same value again, and so does parsing its exact text.
    #expect(try Value(JSON(parsing: value.text)) == value)
    #expect(try Value(JSON(parsing: Array(json.raw))) == value)
    // Checking without parsing agrees.
    #expect(JSON.isObject(String(decoding: text, as: UTF8.self)) == (json.kind == .object))
  }

  static let structures = [
    "null", "true", "false", "0", "\"\"", "[]", "{}", "[[]]", "[{}]", "[null]", "[1,2,3]", "[[],[]]",
    "[[[[]]]]",
    "[{},[],{},[]]", "{\"a\":1}", "{\"\":0}", "{\"a\":{}}", "{\"a\":[]}", "{\"a\":1,\"b\":2}",
    "{\"a\":{\"a\":{\"a\":{}}}}",
    "[{\"a\":1},{\"a\":1}]", "{\"a\":{\"b\":1},\"b\":{\"a\":1}}", "{\"a\":\"a\"}",
    "{\"a\":\"b\",\"b\":\"a\"}",
    "{\"A\":1,\"a\":2}", "{\"a\":1,\"a \":2,\" a\":3}", "[true,false,null]", "[\"\",\"\",\"\"]", "[0,0,0]",
    "[[1,[2,[3]]],4]", "{\"a\":[{\"b\":[{\"c\":[]}]}]}", "[1,[],2,{},3]", "{\"null\":null,\"true\":true}",
    "{\"\":{\"\":[]}}", "[\"[\",\"]\",\"{\",\"}\",\",\",\":\"]", "{\"[\":\"]\",\"{\":\"}\",\",\":\":\"}",
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}",
  ].map { Array($0.utf8) }

  static let whiteSpace = [
    " null", "null ", "\tnull\t", "\r\nnull\r\n", "\n\n\n0\n\n\n", " [ ] ", " { } ", "[ 1 , 2 ]",
    "[\n1\n,\n2\n]",
    "{ \"a\" : 1 , \"b\" : 2 }", "{\t\"a\"\t:\t1\t}", "{\r\n  \"a\": [\r\n    1\r\n  ]\r\n}", "[ [ ] , { } ]",
    "                                [                                ]                ", "[1 ]", "[ 1]",
    "1 ",
    "{ \"a\":1}", "{\"a\" :1}", "{\"a\": 1}", "{\"a\":1 }", "{\"a\":1, \"b\":2}", "{\"a\":1 ,\"b\":2}",
  ].map { Array($0.utf8) }

  static let numbers = [
    "-0", "1", "-1", "10", "9", "1234567890", "9223372036854775807", "-9223372036854775808",
    "9223372036854775808",
    "123456789012345678901234567890", "0.0", "-0.0", "0.5", "-0.5", "1.5", "3.14159", "0.000001", "1e5",
    "1E5", "1e+5",
    "1E+5", "1e-5", "1E-5", "0e0", "0E0", "0e+0", "-0e-0", "1.5e10", "1.5E-10", "1e00", "1e05", "0e05",
    "1.0e+00",
    "1e400", "-1e400", "1e-400", "5e-324", "1.7976931348623157e308", "0.1e1", "100", "1.00", "[-1]",
    "[1e1,1]", "[0]",
    "[0,-0]", "[1.5]", "{\"a\":-1.5e-1}", "0.\(String(repeating: "0", count: 400))1",
    String(repeating: "9", count: 400), "1e\(String(repeating: "0", count: 100))1",
  ].map { Array($0.utf8) }

  static let strings = [
    "\"a\"", "\"abc\"", "\" \"", "\"1234567\"", "\"12345678\"", "\"123456789\"", "\"123456789012345\"",
    "\"1234567890123456\"", "\"\\\"\"", "\"\\\\\"", "\"\\/\"", "\"/\"", "\"\\b\\f\\n\\r\\t\"", "\"'\"",
    "\"\\u0000\"",
    "\"\\u0022\"", "\"\\u005c\"", "\"\\u005C\"", "\"\\u0061\"", "\"\\u00e9\"", "\"\\u00E9\"", "\"\\uffff\"",
    "\"\\uFFFE\"", "\"\\ud7ff\"", "\"\\ue000\"", "\"\\ud800\\udc00\"", "\"\\uD83D\\uDE00\"",
    "\"\\udbff\\udfff\"",
    "\"\\ud83d\\ude00\\ud83d\\ude00\"", "\"\\\\u0061\"", "\"\\\\\\u0061\"", "\"\\\\\\\\\"", "\"\\\\n\"",
    "\"\\\"\\\"\"",
    "\"a\\nb\"", "\"1234567\\n\"", "\"\\n1234567\"", "\"12345678\\n12345678\"", "\"\\u0001\\u001f\"",
    "\"\\u007f\"",
    "\"\\u2028\\u2029\"", "\"\\ufeff\"", "\"\\u0041\\u00c4\\u3042\\ud834\\udd1e\"",
    "[\"\\ud800\\udc00\",\"\\u0061\"]",
    "{\"\\n\":1,\"n\":2,\"\\\\n\":3}", "{\"\\u0061\":1,\"b\":2}", "{\"a\\\"b\":1}",
  ].map { Array($0.utf8) }

  /// Unescaped bytes, among them the ends of each range of UTF-8.
  static let raw =
    [
      "é", "e\u{301}", "\u{7f}", "\u{80}", "\u{7ff}", "\u{800}", "\u{fff}", "\u{1000}", "\u{d7ff}",
      "\u{e000}", "\u{feff}",
      "\u{fffe}", "\u{ffff}", "\u{10000}", "\u{3ffff}", "\u{40000}", "\u{fffff}", "\u{100000}", "\u{10ffff}",
      "漢字仮名交じり文",
      "😀😀", "a漢b字c", "Привет, мир", "\u{2028}\u{2029}", "👩‍👩‍👧‍👦", "aaaaaaaé", "aaaaaaaaé",
      "éaaaaaaaaa",
    ].map { Array("\"\($0)\"".utf8) }

  @Test func composedAndDecomposedKeysDiffer() throws {
    let json = try JSON(parsing: Array("{\"é\":1,\"e\u{301}\":2}".utf8))
    #expect(json.count == 2)
    #expect(json["é"]?.integer == 1)
    #expect(json["e\u{301}"]?.integer == 2)
    #expect(json.members.map { $0.key.string?.unicodeScalars.count } == [1, 2])
  }
}
