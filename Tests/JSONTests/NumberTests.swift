import JSON
import JSONSupport
import Seeds
import Testing

@Suite("Numbers")
struct NumberTests {
  @Test(
    arguments: [
      ("0", 0), ("-0", 0), ("7", 7), ("-7", -7), ("1234567890123", 1_234_567_890_123),
      ("9223372036854775807", .max), ("-9223372036854775808", .min), ("9223372036854775808", nil),
      ("-9223372036854775809", nil), ("9223372036854775810", nil), ("92233720368547758070", nil),
      ("100000000000000000000", nil), ("18446744073709551616", nil), ("18446744073709551617", nil),
      ("1.0", nil),
      ("1e2", nil), ("1E2", nil), ("0.0", nil), ("0e0", nil),
    ] as [(String, Int64?)])
  func integers(_ text: String, _ expected: Int64?) throws {
    let json = try JSON(parsing: Array(text.utf8))
    #expect(json.integer == expected)
    #expect(json.isInteger == !text.contains { ".eE".contains($0) })
  }

  @Test(
    arguments: [
      ("0", 0), ("1.5", 1.5), ("-2.5e-3", -0.0025), ("1e23", 1e23),
      ("9007199254740993", 9_007_199_254_740_992),
      ("0.1", 0.1), ("5e-324", .leastNonzeroMagnitude), ("2e-324", 0),
      ("1.7976931348623157e308", .greatestFiniteMagnitude),
      ("1.7976931348623159e308", nil), ("1e400", nil), ("-1e400", nil), ("1e-400", 0),
      ("9223372036854775808", 9_223_372_036_854_775_808), ("100000000000000000000", 1e20),
      ("2.2250738585072011e-308", Double(bitPattern: 0xf_ffff_ffff_ffff)),
      ("0.500000000000000166533453693773481063544750213623046875", 0.5000000000000002),
      ("true", nil), ("\"1\"", nil), ("[]", nil),
    ] as [(String, Double?)])
  func doubles(_ text: String, _ expected: Double?) throws {
    #expect(try JSON(parsing: Array(text.utf8)).double == expected)
  }

  @Test func negativeZeroKeepsItsSign() throws {
    #expect(try JSON(parsing: Array("-0.0".utf8)).double?.sign == .minus)
    #expect(try JSON(parsing: Array("-0".utf8)).double?.sign == .minus)
  }

  @Test(
    arguments: [
      (1e20, "1e+20"), (.leastNonzeroMagnitude, "5e-324"), (-0.0, "-0.0"), (100, "100.0"), (0.1, "0.1"),
      (1e16, "1e+16"),
      (1e15, "1000000000000000.0"), (1.7976931348623157e308, "1.7976931348623157e+308"), (1e-5, "1e-05"),
      (-2.5, "-2.5"),
    ] as [(Double, String)])
  func doublesAreWrittenShort(_ value: Double, _ expected: String) throws {
    var writer = JSONWriter()
    writer.double(value)
    #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
    #expect(throws: Never.self) { try JSON(parsing: writer.bytes) }
  }

  @Test func doublesComeBackExactly() throws {
    var generator = SeededGenerator.printed("doublesComeBackExactly")
    for round in 0..<20_000 {
      let bits: UInt64 = generator.next()
      let value =
        round % 2 == 0 ? Double(bitPattern: bits) : Double(Int64(bitPattern: bits) >> (bits % 60)) / 1000
      guard value.isFinite else { continue }
      var writer = JSONWriter()
      writer.double(value)
      #expect(try JSON(parsing: writer.bytes).double?.bitPattern == value.bitPattern)
    }
  }

  @Test func integersComeBackExactly() throws {
    var generator = SeededGenerator.printed("integersComeBackExactly")
    var values: [Int64] = [0, .max, .min, .max - 1, .min + 1]
    var power: Int64 = 1
    for _ in 0..<19 {
      values += [power, power - 1, power + 1, -power, 1 - power, -power - 1]
      power &*= 10
    }
    for _ in 0..<20_000 {
      values.append(Int64(bitPattern: generator.next()) >> Int64.random(in: 0..<64, using: &generator))
    }
    for value in values {
      var writer = JSONWriter()
      writer.integer(value)
      #expect(String(decoding: writer.bytes, as: UTF8.self) == "\(value)")
      #expect(try JSON(parsing: writer.bytes).integer == value)
    }
  }

  @Test func integersOfOtherTypes() {
    var writer = JSONWriter()
    writer.beginArray()
    writer.integer(UInt64.max)
    writer.integer(UInt8(7))
    writer.integer(Int128.min)
    writer.integer(-3)
    writer.endArray()
    #expect(
      String(decoding: writer.bytes, as: UTF8.self)
        == "[18446744073709551615,7,-170141183460469231731687303715884105728,-3]")
  }
}
