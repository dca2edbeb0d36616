import Inbox
import Testing

@testable import Importing

/// Tables, and what Django dumps.
struct TableTests {
  @Test func laravelsTable() throws {
    let table = """
      id,type,notifiable_type,notifiable_id,data,read_at,created_at,updated_at\r
      0b5e3f7c-0000-4000-8000-000000000001,App\\Notifications\\Paid,App\\Models\\User,7,"{""amount"":12,\n""of"":""A, B""}",NULL,2024-05-01 10:30:00,\r
      0b5e3f7c-0000-4000-8000-000000000002,App\\Notifications\\Paid,App\\Models\\User,8,{},2024-05-01 11:00:00,2024-05-01 10:30:01,\r

      """
    let found = try FormatTests.found(
      table, .csv,
      ["reader_id=notifiable_id", "message_type=type", "create_time=created_at", "read=read_at"],
      isOfTeams: false)
    let copies = try found.map { try $0.get() }
    #expect(copies.map(\.reader) == ["7", "8"])
    #expect(copies.map(\.flags) == [[], .read])
    #expect(
      copies[0].body
        == MessageBody(type: "App\\Notifications\\Paid", data: "{\"amount\":12,\n\"of\":\"A, B\"}"))
    #expect(copies[1].time == 1_714_559_401_000)
  }

  @Test(arguments: [
    ("a,b\n1\n", "it has 1 fields, and the line of names has 2"),
    ("a,b\n1,2,3\n", "it has 3 fields, and the line of names has 2"),
    ("a,b\n1,x\"y\n", "a quote stands inside a field that is not in quotes"),
    ("a,b\n1,\"x\"y\n", "something follows the quote at the end of a field"),
    ("a,b\n1,\"x", "a quote is not closed"), ("a,b\n1,x\ry\n", "a carriage return stands outside of quotes"),
    ("a,b\n1\r,x\n", "a carriage return stands outside of quotes"),
  ]) func badRows(_ text: String, _ sentence: String) throws {
    #expect(try FormatTests.problem(text, .csv) == sentence)
  }

  @Test func aTableNeedsNames() throws {
    #expect(throws: SourceFailure.self) { try FormatTests.found("", .csv) }
    #expect(throws: SourceFailure.self) { try FormatTests.found("a,a\n", .csv) }
    #expect(try FormatTests.found("\u{FEFF}reader_id,team_id\n", .csv).isEmpty)
    let marked = try FormatTests.found(
      "\u{FEFF}reader_id,message_type,create_time\nbo,n,2024-01-01\n", .csv, isOfTeams: false)
    #expect(try marked.map { try $0.get().reader } == ["bo"])
  }

  /// Programs of other countries separate by semicolons, and databases by tabs.
  @Test(arguments: [";", "\t", ","]) func separators(_ mark: String) throws {
    let table = """
      "reader_id"|"message_type"|content|create_time
      bo|n|"a,b;c\td"|2024-05-01
      bo|n||2024-05-02

      """.replacing("|", with: mark)
    let found = try FormatTests.found(table, .csv, isOfTeams: false).map { try $0.get() }
    #expect(found.map(\.body.content) == ["a,b;c\td", nil])
    // In later lines the other two are text.
    let others = [";", "\t", ","].filter { $0 != mark }.joined()
    let plain = try FormatTests.found(
      "reader_id|message_type|create_time\n\(others)|n|2024-05-01\n".replacing("|", with: mark), .csv,
      isOfTeams: false)
    #expect(try plain.map { try $0.get().reader } == [Text(others)])
  }

  @Test func aTableOfOneColumnHasNoSeparator() throws {
    let found = try FormatTests.found("content\na;b\n", .csv, isOfTeams: false)
    #expect(found.count == 1)
    #expect(throws: Problem("reader_id is missing")) { try found[0].get() }
  }

  @Test func aColumnThatIsMappedMustBeThere() throws {
    #expect(
      throws: SourceFailure("the line of names has no \"created\", which is to fill a field")
    ) { try FormatTests.found("reader_id,created_at\n", .csv, ["create_time=created"]) }
    #expect(try FormatTests.found("a,b\n", .csv, ["reader_id=a", "username=", "read=!b"]).isEmpty)
  }

  @Test func dumpsHaveOtherModelsToo() throws {
    func object(_ model: String, _ fields: String) -> String {
      #"{"model":"\#(model)","pk":1,"fields":{\#(fields)}}"#
    }
    let notification = #""recipient":2,"verb":"v","unread":true,"timestamp":"2024-05-01T10:30:00Z""#
    let objects = [
      object("notifications.preference", #""user":2,"mutes":true"#),
      object("mail.message", #""recipient":"a@b""#),
      object("site.notification", notification), object("notifications.notification", notification),
      object("sessions.session", ""),
    ]
    for text in ["[\(objects.joined(separator: ",\n"))]", objects.joined(separator: "\n")] {
      #expect(FormatName(beginning: Array(text.utf8)) == .dumpdata)
      #expect(
        try FormatTests.found(text, .dumpdata, isOfTeams: false).map { try $0.get().reader } == ["2", "2"])
    }
  }

  @Test func dumpdata() throws {
    let text = """
      [{"model": "contenttypes.contenttype", "pk": 3, "fields": {"app_label": "auth", "model": "user"}},
       {"model": "contenttypes.contenttype", "pk": 9, "fields": {"app_label": "shop", "model": "order"}},
       {"model": "auth.user", "pk": 1, "fields": {"username": "ann"}},
       {"model": "notifications.notification", "pk": 1, "fields": {"level": "info", "recipient": 2, "unread": false,
        "actor_content_type": 3, "actor_object_id": "1", "verb": "liked", "description": "d", "target_content_type": 9,
        "target_object_id": "4", "action_object_content_type": null, "action_object_object_id": null,
        "timestamp": "2024-05-01T10:30:00.123Z", "public": true, "deleted": false, "emailed": false, "data": "{\\"a\\": 1}"}},
       {"model": "notifications.notification", "pk": 2, "fields": {"level": "info", "recipient": ["ben"], "unread": true,
        "actor_content_type": ["shop", "order"], "actor_object_id": "4", "verb": "left", "description": null,
        "timestamp": "2024-05-01T10:30:01Z", "public": true, "deleted": true, "emailed": true, "data": null}},
       {"model": "notifications.notification", "pk": 3, "fields": {"recipient": 2, "actor_content_type": 77, "actor_object_id": "4", "verb": "x",
        "timestamp": "2024-05-01T10:30:01Z"}}]
      """
    let found = try FormatTests.found(text, .dumpdata, isOfTeams: false)
    let first = try found[0].get()
    #expect((first.reader, first.time, first.flags) == ("2", 1_714_559_400_123, .read))
    #expect(first.body.sender == "1")
    #expect(
      first.body.data
        == #"{"level":"info","actor":{"type":"auth.user","id":"1"},"target":{"type":"shop.order","id":"4"},"public":true,"emailed":false,"data":{"a": 1}}"#
    )
    let second = try found[1].get()
    #expect((second.reader, second.body.sender, second.flags) == ("ben", nil, .deleted))
    guard case .failure(let problem) = found[2] else { throw Problem("the kind is not known") }
    #expect(
      problem.description
        == "the kind of its actor is not in the dump: dump contenttypes before notifications")
    #expect(found.count == 3)
    #expect(FormatName(beginning: Array(text.utf8)) == .dumpdata)
  }
}
