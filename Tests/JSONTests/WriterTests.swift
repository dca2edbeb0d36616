import JSON
import JSONSupport
import Testing

@Suite("Writing")
struct WriterTests {
  private func text(_ write: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter(reserving: 0)
    write(&writer)
    return String(decoding: writer.take(), as: UTF8.self)
  }

  @Test func commasArePlaced() {
    let text = text { writer in
      writer.beginObject()
      writer.key("empty")
      writer.beginObject()
      writer.endObject()
      writer.key("list")
      writer.beginArray()
      writer.beginArray()
      writer.endArray()
      writer.integer(1)
      writer.string("a")
      writer.beginObject()
      writer.member("b", true)
      writer.endObject()
      writer.null()
      writer.raw(Array("[1, 2]".utf8))
      writer.raw(Array("x{}x".utf8)[1..<3])
      writer.endArray()
      writer.member("c", 1.5)
      writer.key("\"é")
      writer.bool(false)
      writer.endObject()
    }
    #expect(text == #"{"empty":{},"list":[[],1,"a",{"b":true},null,[1, 2],{}],"c":1.5,"\"é":false}"#)
  }

  @Test func members() {
    let text = text { writer in
      writer.beginObject()
      writer.member("s", "plain")
      writer.member("e", "a \"quote\" and a \\ and\n")
      writer.member("empty", "")
      writer.member("i", 42)
      writer.member("l", Int64.min)
      writer.member("d", -0.0)
      writer.member("b", false)
      writer.member("r", raw: Array("[null]".utf8))
      writer.member("t", millisecondsSince1970: 0)
      writer.endObject()
    }
    #expect(
      text == #"{"s":"plain","e":"a \"quote\" and a \\ and\n","empty":"","i":42,"l":-9223372036854775808,"#
        + #""d":-0.0,"b":false,"r":[null],"t":"1970-01-01T00:00:00.000Z"}"#)
  }

  @Test func scalarsAlone() {
    #expect(text { $0.null() } == "null")
    #expect(text { $0.string("x" as StaticString) } == "\"x\"")
    #expect(text { $0.string("\n" as StaticString) } == "\"\\n\"")
    #expect(text { $0.string("") } == "\"\"")
  }

  @Test func onlyWhatMustBeIsEscaped() {
    #expect(
      text { $0.string("\"\\/\u{8}\u{c}\n\r\t\u{0}\u{1f}\u{7f}\u{2028}é'") }
        == "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u{7f}\u{2028}é'\"")
  }

  @Test func escapesAtEveryPlace() throws {
    for count in 0..<40 {
      for place in 0..<max(count, 1) {
        var scalars = (0..<count).map { Unicode.Scalar(UInt8(ascii: "a") + UInt8($0 % 26)) }
        for special in ["\"", "\\", "\n", "\u{1f}", "é", "\u{7f}", "\u{80}"] as [Unicode.Scalar] {
          if place < count { scalars[place] = special }
          let value = JSONSupport.text(of: scalars)
          let text = text { writer in
            writer.beginObject()
            writer.member("member", value)
            writer.key(value)
            writer.string(value)
            writer.endObject()
          }
          let json = try JSON(parsing: Array(text.utf8))
          #expect(json.members.map { $0.value.string } == [value, value])
          #expect(json.members.map { $0.key.string } == ["member", value])
        }
      }
    }
  }

  @Test func takingLeavesANewWriter() {
    var writer = JSONWriter()
    writer.beginArray()
    writer.integer(1)
    writer.endArray()
    #expect(writer.take() == Array("[1]".utf8))
    #expect(writer.bytes.isEmpty)
    writer.integer(2)
    #expect(writer.take() == Array("2".utf8))
  }

  @Test func copiesAreIndependent() {
    var writer = JSONWriter()
    writer.beginArray()
    writer.integer(1)
    var copy = writer
    copy.integer(2)
    copy.endArray()
    writer.endArray()
    #expect(writer.bytes == Array("[1]".utf8))
    #expect(copy.bytes == Array("[1,2]".utf8))
  }

  @Test func infinitiesAreRefused() async {
    await #expect(processExitsWith: .failure) {
      var writer = JSONWriter()
      writer.double(.infinity)
    }
  }

  #if DEBUG
    @Test func disorderIsFoundInDebugBuilds() async {
      await #expect(processExitsWith: .failure) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.integer(1)
      }
      await #expect(processExitsWith: .failure) {
        var writer = JSONWriter()
        writer.beginArray()
        writer.member("a", 1)
      }
      await #expect(processExitsWith: .failure) {
        var writer = JSONWriter()
        writer.beginArray()
        writer.endObject()
      }
      await #expect(processExitsWith: .failure) {
        var writer = JSONWriter()
        writer.integer(1)
        writer.integer(2)
      }
      await #expect(processExitsWith: .failure) {
        var writer = JSONWriter()
        writer.beginArray()
        _ = writer.take()
      }
      await #expect(processExitsWith: .failure) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("\"" as StaticString)
      }
    }
  #endif
}
