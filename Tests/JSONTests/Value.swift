import JSON

/// A JSON value as a tree, to compare and to make up. Numbers are as they are written.
enum Value: Equatable {
  case null
  case bool(Bool)
  case number(String)
  case string([Unicode.Scalar])
  case array([Value])
  case object([Member])

  struct Member: Equatable {
    var key: [Unicode.Scalar]
    var value: Value
  }

  /// All that a parsed text says, through the public interface.
  init(_ json: JSON) throws {
    switch json.kind {
    case .null: self = .null
    case .bool: self = .bool(try unwrap(json.bool))
    case .number: self = .number(String(decoding: json.raw, as: UTF8.self))
    case .string: self = .string(Array(try unwrap(json.string).unicodeScalars))
    case .array: self = .array(try json.elements.map { try Value($0) })
    case .object:
      self = .object(
        try json.members.map { key, value in
          Member(key: Array(try unwrap(key.string).unicodeScalars), value: try Value(value))
        })
    }
  }

  func write(to writer: inout JSONWriter) {
    switch self {
    case .null: writer.null()
    case .bool(let value): writer.bool(value)
    case .number(let digits): writer.raw(Array(digits.utf8))
    case .string(let scalars): writer.string(JSONTests.text(of: scalars))
    case .array(let elements):
      writer.beginArray()
      for element in elements { element.write(to: &writer) }
      writer.endArray()
    case .object(let members):
      writer.beginObject()
      for member in members {
        writer.key(JSONTests.text(of: member.key))
        member.value.write(to: &writer)
      }
      writer.endObject()
    }
  }

  var text: [UInt8] {
    var writer = JSONWriter()
    write(to: &writer)
    return writer.take()
  }
}

struct Absent: Error {}

func unwrap<T>(_ value: T?) throws -> T {
  guard let value else { throw Absent() }
  return value
}

func text(of scalars: [Unicode.Scalar]) -> String {
  var string = String.UnicodeScalarView()
  string.append(contentsOf: scalars)
  return String(string)
}

/// A text for people, whatever its bytes.
func shown(_ text: [UInt8]) -> String {
  text.prefix(300).map {
    (0x20..<0x7f).contains($0) ? String(Unicode.Scalar($0)) : "<\(String($0, radix: 16))>"
  }
  .joined() + (text.count > 300 ? "... \(text.count) bytes" : "")
}

/// A generator whose runs can be repeated from the seed that they print.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }

  /// A generator with a new seed, which is printed.
  static func printed(_ name: String) -> SeededGenerator {
    let seed = UInt64.random(in: 0 ... .max)
    print("\(name): seed \(seed)")
    return SeededGenerator(seed: seed)
  }
}
