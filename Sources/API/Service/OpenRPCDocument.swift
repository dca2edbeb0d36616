import JSON
import JSONRPC

/// The contract as an OpenRPC 1.3 document, made from the registry.
public enum OpenRPCDocument {
  /// The text of the document, on one line.
  public static let json: [UInt8] = make()

  private static func make() -> [UInt8] {
    JSONWriter.object(reserving: 65_536) { writer in
      writer.member("openrpc", "1.3.2")
      writer.key("info")
      writer.beginObject()
      writer.member("title", "Tidings")
      writer.member("version", tidingsVersion)
      writer.member(
        "description", "A notification inbox over JSON-RPC 2.0, one JSON value per line on stdin and stdout.")
      writer.key("license")
      writer.beginObject()
      writer.member("name", "MIT")
      writer.endObject()
      writer.endObject()
      writer.key("methods")
      writer.beginArray()
      for method in Registry.methods { writer.method(method) }
      writer.endArray()
      writer.key("components")
      writer.beginObject()
      writer.key("schemas")
      writer.beginObject()
      for (name, schema) in Components.schemas {
        writer.key(name)
        schema.write(to: &writer)
      }
      writer.endObject()
      writer.key("errors")
      writer.beginObject()
      for (kind, when) in RPCError.Kind.documented {
        writer.key(kind.name)
        writer.error(kind, when)
      }
      writer.endObject()
      writer.endObject()
    }
  }
}

extension JSONWriter {
  fileprivate mutating func method(_ method: any Method.Type) {
    beginObject()
    member("name", "\(method.name)")
    member("summary", method.summary)
    member("paramStructure", "by-name")
    key("params")
    beginArray()
    // OpenRPC wants the required parameters first, whatever the order of checking.
    for parameter in method.parameters where parameter.isRequired { self.parameter(parameter) }
    for parameter in method.parameters where !parameter.isRequired { self.parameter(parameter) }
    endArray()
    key("result")
    beginObject()
    member("name", "result")
    key("schema")
    method.result.write(to: &self)
    endObject()
    key("errors")
    beginArray()
    let scoped: [RPCError.Kind] = method.deed == .service ? [] : [.forbidden]
    for kind in [.invalidParams] + method.errors + scoped {
      beginObject()
      member("$ref", "#/components/errors/\(kind.name)")
      endObject()
    }
    endArray()
    key("examples")
    beginArray()
    example(method)
    endArray()
    endObject()
  }

  private mutating func parameter(_ parameter: any ParameterDescription) {
    beginObject()
    member("name", "\(parameter.name)")
    member("summary", parameter.summary)
    member("required", parameter.isRequired)
    key("schema")
    parameter.schema.write(to: &self)
    endObject()
  }

  private mutating func example(_ method: any Method.Type) {
    beginObject()
    member("name", "\(method.name)")
    key("params")
    beginArray()
    // The examples are literals of this module, and a test reads every one of them.
    for (name, value) in try! JSON(parsing: Array(method.example.params.utf8)).members {
      beginObject()
      member("name", name.string ?? "")
      key("value")
      raw(value.raw)
      endObject()
    }
    endArray()
    key("result")
    beginObject()
    member("name", "result")
    key("value")
    raw(method.example.result)
    endObject()
    endObject()
  }

  fileprivate mutating func error(_ kind: RPCError.Kind, _ when: String) {
    beginObject()
    member("code", kind.code)
    member("message", when)
    key("data")
    beginObject()
    member("kind", kind.name)
    endObject()
    endObject()
  }
}
