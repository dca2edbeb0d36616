/// One value in a parsed text. A copy costs one reference, and keeps the whole text and its index alive.
public struct JSON: Sendable {
  /// The kind of a value.
  public enum Kind: Sendable {
    /// The literal `null`.
    case null
    /// `true` or `false`.
    case bool
    /// A number of any size and precision.
    case number
    /// A string.
    case string
    /// An array; see `elements`.
    case array
    /// An object; see `members`, and the subscript for one member by its key.
    case object
  }

  let document: Document
  /// The value's first entry.
  let index: Int

  @inline(__always)
  init(document: Document, index: Int) {
    self.document = document
    self.index = index
  }

  /// Parses a whole text, strictly by RFC 8259: a text that this accepts needs no further checks.
  ///
  /// It also refuses invalid UTF-8, lone surrogates, keys that occur twice in an object, a byte order mark,
  /// and texts of 2 GiB or more.
  ///
  /// - Parameters:
  ///   - bytes: one JSON value, which may have white space around it.
  ///   - maximumDepth: the greatest depth of nested arrays and objects; 1 allows `[]` but not `[[]]`.
  public init(parsing bytes: [UInt8], maximumDepth: Int = 128) throws(JSONError) {
    document = try Parser.parse(bytes, maximumDepth: maximumDepth)
    index = 0
  }

  /// Returns whether a text is one JSON object, by the rules of `init(parsing:)`. Costs less than parsing:
  /// nothing is copied or kept.
  public static func isObject(_ text: String, maximumDepth: Int = 128) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      do throws(JSONError) {
        return try Parser.checkObject(bytes, maximumDepth: maximumDepth)
      } catch {
        return false
      }
    }
  }

  /// The kind of the value.
  public var kind: Kind {
    switch firstByte {
    case ASCII.quote: .string
    case ASCII.leftBrace: .object
    case ASCII.leftBracket: .array
    case UInt8(ascii: "n"): .null
    case UInt8(ascii: "t"), UInt8(ascii: "f"): .bool
    default: .number
    }
  }

  /// Whether the value is `null`.
  public var isNull: Bool { firstByte == UInt8(ascii: "n") }

  /// The boolean value; nil if the value is neither `true` nor `false`.
  public var bool: Bool? {
    switch firstByte {
    case UInt8(ascii: "t"): true
    case UInt8(ascii: "f"): false
    default: nil
    }
  }

  /// The value's exact bytes in the text.
  public var raw: ArraySlice<UInt8> { document.text[document[index].start..<document.end(of: index)] }

  /// The value's exact bytes, which keep at most a small text alive: from a larger text they are copied.
  public var keepsake: ArraySlice<UInt8> {
    document.text.count <= 1_024 ? raw : ArraySlice(Array(raw))
  }

  /// The number of elements of an array or members of an object; 0 for other values.
  public var count: Int { document[index].isContainer ? document[index &+ 1].count : 0 }

  @inline(__always) var firstByte: UInt8 {
    let start = document[index].start
    return document.withText { $0[start] }
  }
}
