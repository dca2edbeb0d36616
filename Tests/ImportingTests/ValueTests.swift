import Inbox
import Testing

@testable import Importing

/// What options and values of documents mean, and which of them mean nothing.
struct ValueTests {
  @Test func aFieldIsFilledOnce() throws {
    for maps in [
      ["read=a", "read=b"], ["read=a", "read=!b"], ["data.x=a", "data.x=b"], ["data=a", "data="],
    ] {
      var mapping = Mapping.plain
      try mapping.add(maps[0])
      #expect(throws: Problem("\(maps[0].prefix { $0 != "=" }) is filled twice")) { try mapping.add(maps[1]) }
    }
    var mapping = Mapping.plain
    for map in ["data=a", "data.x=b", "data.y=c", "read=a", "seen=a"] { try mapping.add(map) }
    try mapping.addDefault("read=yes")
    #expect(throws: Problem("read is given twice")) { try mapping.addDefault("read=no") }
  }

  @Test(
    arguments: [
      ("read=perhaps", "read is neither yes nor no, nor a date"),
      ("seen=00", "seen is neither yes nor no, nor a date"),
      ("create_time=soon", "create_time is no date"),
      ("create_time=9999-01-01", "create_time is more than a day ahead"),
      ("create_time=", "create_time is empty"), ("user_id=", "user_id is empty"),
      ("message_type=\(String(repeating: "x", count: 129))", "message_type is longer than 128 bytes"),
      ("username=\(String(repeating: "x", count: 1025))", "username is longer than 1024 bytes"),
      ("data=[1]", "data is no JSON object"), ("data= [ ] ", nil), ("data=null", nil),
      ("data=[] 1", "data is no JSON object: something follows the value"),
      ("data={}x", "data is no JSON object: something follows the value"),
      ("team_id=t", "team_id is no field of an account's messages"),
      ("read=yes", nil), ("read=", nil), ("read=2024-05-01", nil), ("create_time=1714559400", nil),
      ("content=", nil),
      ("data={\"a\":1}", nil), ("user_id=ann", nil),
    ] as [(String, String?)]) func defaultsAreValues(_ text: String, _ sentence: String?) throws
  {
    var mapping = Mapping.plain
    try mapping.addDefault(text)
    let translation = Translation(mapping, isOfTeams: false, now: FormatTests.now)
    if let sentence {
      #expect(throws: Problem(sentence)) { try translation.checkDefaults() }
    } else {
      try translation.checkDefaults()
    }
  }

  @Test(
    arguments: [
      (
        [
          "true", "1", "yes", "Y", "t", "T", "2024-05-01 10:30:00", "2024-05-01T10:30:00+02:00", "1714559400",
          "1714559400123",
        ], true
      ),
      (["false", "0", "no", "N", "f", ""], false),
      (
        [
          "00", "2", "-1", "+1", "01", "perhaps", "on", "x", "0001-01-01T00:00:00Z", "1970-01-01",
          "0000-00-00 00:00:00", "9999-12-31",
          "20240501", "99999999999999",
        ], nil
      ),
    ] as [([String], Bool?)]) func flags(_ texts: [String], _ isSet: Bool?) throws
  {
    for text in texts {
      let row = "reader_id,message_type,create_time,read\na,n,2024-05-01,\"\(text)\"\n"
      let found = try FormatTests.found(row, .csv, isOfTeams: false)
      guard let isSet else {
        #expect(throws: Problem("read is neither yes nor no, nor a date"), "\(text)") { try found[0].get() }
        continue
      }
      #expect(try found[0].get().flags == (isSet ? .read : []), "\(text)")
    }
  }

  @Test(
    arguments: [
      ("1714559400", 1_714_559_400_000), ("1714559400123", 1_714_559_400_123),
      ("1714559400.5", 1_714_559_400_500),
      (#""1714559400""#, 1_714_559_400_000), (#""2026-01-01T23:59:59Z""#, 1_767_311_999_000),
      (#""1815-12-10""#, -4_861_728_000_000), (#"{"$date":5}"#, 5),
    ] as [(String, Int64)]) func times(_ json: String, _ time: Int64) throws
  {
    let text = #"{"reader_id":"a","team_id":"t","message_type":"n","create_time":\#(json)}"#
    #expect(try FormatTests.found(text, .json)[0].get().time == time)
  }

  @Test(arguments: [
    ("20240501", number), ("202405011030", number), ("20240501103000", number), ("0", number),
    ("-1714559400", number),
    (#""20240501""#, number), ("1e300", number), ("999999999", number),
    ("1767312001", ahead), (#""2026-01-02T00:00:01Z""#, ahead), (#"{"$date":"2262-01-01T00:00:00Z"}"#, ahead),
    ("9999999999", ahead),
    ("true", "create_time is no date"),
  ]) func noTimes(_ json: String, _ sentence: String) throws {
    let text = #"{"reader_id":"a","team_id":"t","message_type":"n","create_time":\#(json)}"#
    #expect(try FormatTests.problem(text) == sentence)
  }

  private static let number =
    "create_time is a number of neither 10 digits (seconds since 1970) nor 13 (milliseconds)"
  private static let ahead = "create_time is more than a day ahead"

  /// What is no object does not become one by a member that is put into it.
  @Test(arguments: [
    "{}x", "x{}", "{", "[1]", "[{}", "{}}", #"{"a":1,}"#, "1", #"{"nid":1}"#,
  ]) func dataIsAnObjectBeforeMembersComeIntoIt(_ data: String) throws {
    let row =
      "reader_id,message_type,create_time,content,read\na,n,2024-05-01,\"\(data.replacing("\"", with: "\"\""))\",yes\n"
    let found = try FormatTests.found(row, .csv, ["data=content", "data.nid=read"], isOfTeams: false)
    guard case .failure(let problem) = found[0] else {
      Issue.record("it was taken")
      return
    }
    #expect(problem.description.hasPrefix("data is no JSON object"))
  }
}
