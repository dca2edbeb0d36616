import JSON
import JSONSupport

extension FuzzTarget {
  /// The JSON parser: it agrees with the reference reader on every text; an accepted text is written and
  /// parsed again with the same value; every value's slice is its exact text.
  static let json = FuzzTarget(
    name: "json", check: checkJSON,
    seeds: { transcripts in transcripts.flatMap { $0.sent + $0.expected } })

  private static func checkJSON(_ text: [UInt8]) throws {
    let expected = Result { try ReferenceReader.read(text) }
    let json: JSON
    do {
      json = try JSON(parsing: text)
    } catch {
      try require((0...text.count).contains(error.offset), "\(error) lies outside")
      if case .success = expected { throw Broken("refused: \(error)") }
      return
    }
    guard case .success(let value) = expected else { throw Broken("accepted") }
    try require(try Value(json) == value, "read differently")

    let rewritten = value.text
    try require(try Value(JSON(parsing: rewritten)) == value, "written differently")
    try require(try Value(JSON(parsing: json.prettyPrinted())) == value, "printed differently")

    let blanks: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
    try require(
      json.raw.elementsEqual(
        text.drop(while: blanks.contains).reversed().drop(while: blanks.contains).reversed()),
      "the whole value's slice")
    try checkSlices(of: json, in: text, levels: 3)
  }

  /// Checks that only the container's own punctuation and white space are between the slices of its parts,
  /// and that each slice parsed alone is the same value.
  private static func checkSlices(of json: JSON, in text: [UInt8], levels: Int) throws {
    try checkScalar(json)
    var end = json.raw.startIndex
    var punctuation: [UInt8] = []
    func pass(_ part: JSON) throws {
      try require(part.raw.startIndex > end || end == json.raw.startIndex, "slices overlap")
      punctuation += text[end..<part.raw.startIndex]
      end = part.raw.endIndex
      guard levels > 0 else { return }
      try require(
        try Value(JSON(parsing: Array(part.raw))) == Value(part), "a slice is not its value's text")
      try checkSlices(of: part, in: text, levels: levels - 1)
    }
    var count = 0
    switch json.kind {
    case .array: for element in json.elements { try pass(element); count += 1 }
    case .object:
      for (key, value) in json.members {
        try pass(key)
        try pass(value)
        count += 1
      }
    default: return
    }
    try require(count == json.count, "count")
    punctuation += text[end..<json.raw.endIndex]
    let marks = punctuation.filter { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    let commas = Array(repeating: UInt8(ascii: ","), count: max(0, count - 1))
    let expected: [UInt8] =
      json.kind == .array
      ? [UInt8(ascii: "[")] + commas + [UInt8(ascii: "]")]
      : Array("{".utf8) + (0..<count).flatMap { Array(($0 == 0 ? ":" : ",:").utf8) } + Array("}".utf8)
    try require(marks == expected, "punctuation between slices")
  }

  /// Checks that the accessors agree with the text.
  private static func checkScalar(_ json: JSON) throws {
    let text = String(decoding: json.raw, as: UTF8.self)
    switch json.kind {
    case .number:
      let isInteger = !text.contains { ".eE".contains($0) }
      try require(json.isInteger == isInteger, "isInteger")
      try require(json.integer == (isInteger ? Int64(text) : nil), "integer")
      try require(json.double == Double(text).flatMap { $0.isFinite ? $0 : nil }, "double")
    case .string:
      let string = json.string
      try require(json.withUTF8 { $0.elementsEqual((string ?? "").utf8) } == true, "withUTF8")
      try require(json.equals("id") == (string == "id"), "equals")
    case .object:
      let first = json.members.first { $0.key.string == "id" }
      try require(json["id"]?.raw == first?.value.raw, "subscript")
    default: break
    }
  }
}
