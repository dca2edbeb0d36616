import Inbox
import JSON

extension Form where Value == Text {
  /// A non-empty string of at most 128 bytes, of any characters.
  static let identifier = Form(
    .string(minLength: 1, maxLength: 128), "a non-empty string of at most 128 bytes"
  ) { json in
    guard let string = json.string, (1...128).contains(string.utf8.count) else { return nil }
    return Text(string)
  }
}

extension Form where Value == String {
  /// A string of at most `limit` bytes; it may be empty.
  static func text(_ limit: Int) -> Form {
    Form(.string(maxLength: limit), "a string of at most \(limit) bytes") { json in
      guard let string = json.string, string.utf8.count <= limit else { return nil }
      return string
    }
  }

  /// A string whose meaning is looked up later.
  static func opaque(_ rule: String) -> Form {
    Form(.string(), rule) { $0.string }
  }

  /// A JSON object of at most `limit` bytes, kept as it was sent. Every reader must be able to hold its
  /// numbers: a number that some reader can't hold would make everything around it unreadable for that
  /// reader.
  static func object(_ limit: Int) -> Form {
    let rule = "an object of at most \(limit) bytes"
    return Form(schema: .object([], open: true), rule: rule) { json throws(Misfit) in
      guard json.kind == .object, json.raw.count <= limit else { throw Misfit(rule: rule) }
      if let pointer = json.unfitNumber(digits: 1_000) {
        throw Misfit(
          pointer: pointer, rule: "a number of at most 1000 digits, written out")
      }
      return String(decoding: json.raw, as: UTF8.self)
    }
  }
}

extension Form where Value == Int {
  /// An integer in a range, or a string of its decimal digits.
  static func integer(_ range: ClosedRange<Int>) -> Form {
    let rule =
      range.upperBound == .max
      ? "an integer of at least \(range.lowerBound)"
      : "an integer from \(range.lowerBound) to \(range.upperBound)"
    let schema = JSONSchema.anyOf([
      .integer(range.lowerBound, range.upperBound), .string(pattern: "^[0-9]+$"),
    ])
    return Form(schema, rule) { json in
      guard let number = json.integer.map(Int.init) ?? digits(json), range.contains(number) else {
        return nil
      }
      return number
    }
  }

  private static func digits(_ json: JSON) -> Int? {
    guard let string = json.string, string.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    return Int(string)
  }
}

extension Form where Value == Bool {
  /// A boolean, or the string "true" or "false".
  static let boolean = Form(
    .anyOf([.boolean, .enumeration(["true", "false"])]), "true or false"
  ) { json in
    json.bool ?? (json.equals("true") ? true : json.equals("false") ? false : nil)
  }
}

extension Form where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of the words of an enumeration.
  static var word: Form {
    let words = Value.allCases.map(\.rawValue)
    return Form(.enumeration(words), "one of " + words.joined(separator: ", ")) { json in
      json.string.flatMap(Value.init(rawValue:))
    }
  }
}

extension Form {
  /// An array of values of the same form.
  static func list<Element>(_ element: Form<Element>, _ counts: ClosedRange<Int>) -> Form
  where Value == [Element] {
    let rule = "an array of \(counts.lowerBound) to \(counts.upperBound) items"
    let schema = JSONSchema.array(
      element.schema, minItems: counts.lowerBound > 0 ? counts.lowerBound : nil,
      maxItems: counts.upperBound)
    return Form(schema: schema, rule: rule) { json throws(Misfit) in
      guard json.kind == .array, counts.contains(json.count) else { throw Misfit(rule: rule) }
      var values: [Element] = []
      values.reserveCapacity(json.count)
      for (index, item) in json.elements.enumerated() {
        do throws(Misfit) {
          values.append(try element.read(item))
        } catch {
          throw Misfit(pointer: "/\(index)" + error.pointer, rule: error.rule)
        }
      }
      return values
    }
  }

  /// One value, or an array of values.
  static func oneOrMore<Element>(_ element: Form<Element>, atMost limit: Int) -> Form
  where Value == [Element] {
    let list = Form.list(element, 1...limit)
    let rule = "\(element.rule), or \(list.rule)"
    return Form(schema: .anyOf([element.schema, list.schema]), rule: rule) { json throws(Misfit) in
      if json.kind == .array { return try list.read(json) }
      do {
        return [try element.read(json)]
      } catch {
        throw Misfit(rule: rule)
      }
    }
  }
}
