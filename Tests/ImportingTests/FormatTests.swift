import Inbox
import Testing

@testable import Importing

/// Documents of each format: what they become, and what is wrong with bad ones.
struct FormatTests {
  /// The time at which tests import: 2026-01-01.
  static let now: Timestamp = 1_767_225_600_000

  /// What a file becomes: a copy or a sentence for each document, whatever the chunks in which it comes.
  static func found(
    _ text: String, _ name: FormatName, _ changes: [String] = [], isOfTeams: Bool = true, zone: Zone = .utc
  ) throws -> [Result<Copy, Problem>] {
    var mapping = name.mapping
    for change in changes { try mapping.add(change) }
    let translation = Translation(mapping, isOfTeams: isOfTeams, zone: zone, now: now)
    func read(by size: Int) throws -> [(Int, Result<Copy, Problem>)] {
      var format = name.format(mapping)
      var found: [(Int, Result<Copy, Problem>)] = []
      func take(_ document: FoundDocument) {
        let copy = document.values.flatMap { values in
          Result { () throws(Problem) in try translation.copy(values, position: found.count + 1) }
        }
        found.append((document.line, copy))
      }
      let bytes = Array(text.utf8)
      for start in stride(from: 0, to: bytes.count, by: size) {
        try format.take(Array(bytes[start..<min(start + size, bytes.count)]), take)
      }
      try format.finish(take)
      return found
    }
    let whole = try read(by: 1 << 20)
    for size in [1, 7] {
      let split = try read(by: size)
      #expect(split.map(\.0) == whole.map(\.0))
      #expect(split.map(\.1) == whole.map(\.1))
    }
    return whole.map(\.1)
  }

  private func only(_ found: [Result<Copy, Problem>]) throws -> Copy {
    #expect(found.count == 1)
    return try #require(found.first).get()
  }

  static func problem(_ text: String, _ name: FormatName = .json) throws -> String {
    let found = try found(text, name)
    #expect(found.count == 1)
    guard case .failure(let problem) = found.first else { return "none" }
    return problem.description
  }

  static let oid = "64f0c0ffee0123456789abcd"

  @Test(arguments: [
    // Version 1, version 2 canonical, version 2 relaxed, and a reference for an id.
    #"{"_id":{"$oid":"64f0c0ffee0123456789abcd"},"_cls":"M","nid":"n","user_id":"ann","reader_id":"bo","team_id":"t","message_type":"note","create_time":{"$date":"2024-05-01T10:30:00.123Z"},"read":true}"#,
    #"{"_id":{"$oid":"64f0c0ffee0123456789abcd"},"user_id":"ann","reader_id":"bo","team_id":"t","message_type":"note","create_time":{"$date":{"$numberLong":"1714559400123"}},"read":{"$numberInt":"1"}}"#,
    #"{"_id":{"$oid":"64f0c0ffee0123456789abcd"},"user_id":"ann","reader_id":"bo","team_id":"t","message_type":"note","create_time":{"$date":1714559400123},"read":1}"#,
    #"[{"_id":{"$oid":"64f0c0ffee0123456789abcd"},"user_id":{"$ref":"users","$id":"ann"},"reader_id":"bo","team_id":"t","message_type":"note","create_time":"2024-05-01T12:30:00.123+02:00","read":"yes"}]"#,
  ]) func extendedJSON(_ text: String) throws {
    let copy = try only(Self.found(text, .json))
    #expect(copy.body == MessageBody(type: "note", sender: "ann"))
    #expect((copy.team, copy.reader, copy.time) == ("t", "bo", 1_714_559_400_123))
    #expect(copy.flags == .read)
    #expect(copy.identity.count == 13)
  }

  /// What lies inside of a field is as it would be from the collection itself.
  @Test(arguments: [
    (
      #"{"a":{"$numberLong":"5"},"d":[{"$date":{"$numberLong":"1714559400123"}}]}"#,
      #"{"a":5,"d":["2024-05-01T10:30:00.123Z"]}"#
    ),
    (
      #"{"o":{"$oid":"64f0c0ffee0123456789abcd"},"n":{"$numberDouble":"1.5"}}"#,
      #"{"o":"64f0c0ffee0123456789abcd","n":1.5}"#
    ),
    (
      #"{"u":{"$binary":{"base64":"yO2rw/c4TKO2jauSqRR4ow==","subType":"04"}}}"#,
      #"{"u":"c8edabc3-f738-4ca3-b68d-ab92a91478a3"}"#
    ),
    // These are none of its forms.
    (#"{"a" : 5, "cost":"$5"}"#, #"{"a" : 5, "cost":"$5"}"#),
    (#"{"a":{"$where":"x"},"$":1}"#, #"{"a":{"$where":"x"},"$":1}"#),
  ]) func extendedJSONInsideOfAField(_ data: String, _ plain: String) throws {
    let text = #"{"reader_id":"a","team_id":"t","message_type":"n","create_time":1714559400,"data":\#(data)}"#
    #expect(try only(Self.found(text, .json)).body.data == plain)
  }

  @Test(arguments: [
    #"{"$binary":{"base64":"yO2rw/c4TKO2jauSqRR4ow==","subType":"04"}}"#,
    #"{"$binary":"yO2rw/c4TKO2jauSqRR4ow==","$type":"03"}"#,
    #"{"$uuid":"c8edabc3-f738-4ca3-b68d-ab92a91478a3"}"#,
  ]) func aUUIDIsAnIdentifier(_ json: String) throws {
    let text = #"{"reader_id":\#(json),"team_id":"t","message_type":"n","create_time":1714559400}"#
    #expect(try only(Self.found(text, .json)).reader == "c8edabc3-f738-4ca3-b68d-ab92a91478a3")
  }

  @Test func ofAnObjectIdTheTimeIsKnown() throws {
    let text =
      #"{"_id":{"$oid":"\#(Self.oid)"},"reader_id":7,"team_id":{"$oid":"\#(Self.oid)"},"message_type":"note","receiver_id":""}"#
    let copy = try only(Self.found(text, .json))
    #expect(copy.time == 0x64f0c0ff * 1000)
    #expect(copy.reader == "7")
    #expect(copy.team == Text(Self.oid))
    #expect(copy.body.receiver == nil)
    #expect(copy.flags == [])
  }

  @Test(arguments: [
    (#"{"team_id":"t","message_type":"n","create_time":1714559400}"#, "reader_id is missing"),
    (
      #"{"team_id":"t","reader_id":null,"message_type":"n","create_time":1714559400}"#, "reader_id is missing"
    ),
    (#"{"reader_id":"a","message_type":"n","create_time":1714559400}"#, "team_id is missing"),
    (#"{"reader_id":"a","team_id":"t","create_time":1714559400}"#, "message_type is missing"),
    (#"{"reader_id":"a","team_id":"t","message_type":"n"}"#, "create_time is missing"),
    (#"{"reader_id":"a","team_id":"t","message_type":"n","create_time":"soon"}"#, "create_time is no date"),
    (
      #"{"reader_id":"a","team_id":"t","message_type":"n","create_time":{"$date":9e18}}"#,
      "create_time is no date"
    ),
    (
      #"{"reader_id":"a","team_id":"t","message_type":"n","create_time":{"$date":9007199254740000}}"#,
      "create_time is not within the years 0 to 9999"
    ),
    (
      #"{"reader_id":["a"],"team_id":"t","message_type":"n","create_time":1714559400}"#,
      "reader_id is no text, number or id"
    ),
    (
      #"{"reader_id":"a","team_id":"t","message_type":"n","create_time":1714559400,"read":"perhaps"}"#,
      "read is neither yes nor no, nor a date"
    ),
    (
      #"{"reader_id":"a","team_id":"t","message_type":"n","create_time":1714559400,"data":[1]}"#,
      "data is no JSON object"
    ),
    (
      #"{"reader_id":"a","team_id":"t","message_type":"n","create_time":1714559400,"content":{"a":1}}"#,
      "content is no text or number"
    ),
    (#"{"reader_id":"a","reader_id":"b"}"#, "it is no JSON: a key occurs twice in an object"),
    (#"[1]"#, "it is no JSON object"), (#"{"reader_id":"a""#, "it is no JSON: the text ends too early"),
    ("{nonsense}", "it is no JSON: unexpected character 'n'"),
  ]) func badDocuments(_ text: String, _ sentence: String) throws {
    #expect(try Self.problem(text) == sentence)
  }

  @Test func whatIsTooLongIsNamed() throws {
    let start = #"{"team_id":"t","message_type":"n","create_time":1714559400,"#
    let long = String(repeating: "é", count: 65_536)
    #expect(
      try Self.problem(start + #""reader_id":"\#(long.prefix(65))"}"#) == "reader_id is longer than 128 bytes"
    )
    #expect(
      try Self.problem(start + #""reader_id":"a","content":"\#(long)"}"#)
        == "content is longer than 65536 bytes")
    #expect(
      try Self.problem(start + #""reader_id":"a","username":"\#(long)"}"#)
        == "username is longer than 1024 bytes")
    #expect(
      try Self.problem(start + #""reader_id":"a","data":{"a":"\#(long)"}}"#)
        == "data is longer than 65536 bytes")
  }

  @Test func aBrokenLineSpoilsNoOther() throws {
    let good = #"{"reader_id":"a","team_id":"t","message_type":"n","create_time":1714559400}"#
    for broken in [#"{"reader_id":"a"#, #"{"reader_id":"a","x":{"#, "nonsense", #""a""#, "}"] {
      let found = try Self.found("\(good)\n\(broken)\n\(good)\n", .json)
      #expect(
        found.map { if case .success = $0 { true } else { false } } == [true, false, true], "\(broken)")
    }
  }

  @Test func anArrayThatWasCutOffOrGoesOn() throws {
    let good = #"{"reader_id":"a","team_id":"t","message_type":"n","create_time":1714559400}"#
    #expect(try Self.found("[\(good),\n\(good)\n]\n", .json).count == 2)
    #expect(try Self.found("[]", .json).isEmpty)
    #expect(throws: SourceFailure.self) { try Self.found("[\(good),", .json) }
    #expect(throws: SourceFailure.self) { try Self.found("[\(good)] \(good)", .json) }
  }

  @Test func fieldsAreMapped() throws {
    let text =
      #"{"to":{"id":5},"room":"t","kind":"n","at":"2024-05-01 10:30:00","new":false,"extra":{"k":[1]},"n":1.5,"raw":"{\"a\":1}","message_type":"x"}"#
    let copy = try only(
      Self.found(
        text, .json,
        [
          "reader_id=to.id", "team_id=room", "message_type=kind", "create_time=at", "read=!new", "data=raw",
          "data.extra=extra",
          "data.n=n", "data.none=none",
        ], zone: .fixed(7_200_000)))
    #expect((copy.reader, copy.team, copy.time) == ("5", "t", 1_714_552_200_000))
    #expect(copy.body == MessageBody(type: "n", data: #"{"a":1,"extra":{"k":[1]},"n":1.5}"#))
    #expect(copy.flags == .read)
  }

  @Test(arguments: ["", "reader_id", "=x", "nobody=x", "data.=x", "reader_id=!x", "data.a=!x"]) func badMaps(
    _ text: String
  ) {
    var mapping = Mapping.plain
    #expect(throws: Problem.self) { try mapping.add(text) }
  }

  @Test func defaultsStandForWhatIsMissing() throws {
    var mapping = Mapping.plain
    try mapping.addDefault("message_type=note")
    var format = FormatName.csv.format(mapping)
    var types: [Text] = []
    let translation = Translation(mapping, isOfTeams: false, now: Self.now)
    try format.take(Array("reader_id,message_type,create_time\na,,1714559400\na,x,1714559401\n".utf8)) {
      types.append(try translation.copy($0.values.get(), position: 1).body.type)
    }
    #expect(types == ["note", "x"])
    #expect(throws: Problem.self) { try mapping.addDefault("nobody=1") }
  }

  @Test(
    arguments: [
      ("{\"a\":1}", .json), (" [ {\"a\":1}]", .json), ("\u{FEFF}[\n{\n\"model\": 1", .dumpdata),
      ("id,type\n", .csv), ("  \n", nil),
    ] as [(String, FormatName?)]) func formatsAreKnownByTheirBeginning(_ text: String, _ name: FormatName?)
  {
    #expect(FormatName(beginning: Array(text.utf8)) == name)
  }
}
