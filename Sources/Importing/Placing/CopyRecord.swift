import Inbox

/// Copies as records that can be sorted.
enum CopyRecord {
  /// The part of the key that names the inbox: the team, which is empty for an account, and the reader.
  static func write(inboxOf copy: Copy, to key: inout KeyWriter) {
    key.write(copy.team ?? "")
    key.write(copy.reader)
  }

  /// The key by which a reader's copies are together and in the order of their times.
  static func key(_ copy: Copy) -> [UInt8] {
    var key = KeyWriter()
    write(inboxOf: copy, to: &key)
    key.write(copy.time)
    key.write(rest: copy.identity)
    return key.bytes
  }

  /// The flags and the body.
  static func value(_ flags: Copy.Flags, _ body: MessageBody?) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity((body?.size ?? 0) + 32)
    bytes.append(flags.rawValue)
    guard let body else { return bytes }
    append(body.type.string, to: &bytes)
    for text in [
      body.sender?.string, body.username, body.teamName, body.receiver?.string, body.content, body.data,
    ] {
      append(text, to: &bytes)
    }
    return bytes
  }

  private static func append(_ text: String?, to bytes: inout [UInt8]) {
    // Zero stands for none: a length is one more than it is.
    let count = text.map { UInt32($0.utf8.count + 1) } ?? 0
    withUnsafeBytes(of: count) { bytes.append(contentsOf: $0) }
    if let text { bytes.append(contentsOf: text.utf8) }
  }

  /// The flags in a value.
  static func flags(_ value: UnsafeRawBufferPointer) -> Copy.Flags { Copy.Flags(rawValue: value[0]) }

  /// The body in a value that has one.
  static func body(_ value: UnsafeRawBufferPointer) -> MessageBody {
    var offset = 1
    func text() -> String? {
      let count = Int(value.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
      offset += 4
      guard count > 0 else { return nil }
      defer { offset += count - 1 }
      return String(decoding: value[offset..<offset + count - 1], as: UTF8.self)
    }
    let type = text() ?? ""
    let sender = text()
    let username = text()
    let teamName = text()
    let receiver = text()
    let content = text()
    return MessageBody(
      type: Text(type), sender: sender.map { Text($0) }, username: username, teamName: teamName,
      receiver: receiver.map { Text($0) }, content: content, data: text())
  }
}

/// Reads the parts of a key.
struct KeyReader {
  private let key: UnsafeRawBufferPointer
  private(set) var offset = 0

  init(_ key: UnsafeRawBufferPointer) { self.key = key }

  mutating func text() -> Text {
    var bytes: [UInt8] = []
    while true {
      let byte = key[offset]
      if byte == 0 {
        offset += 2
        if key[offset - 1] == 0 { break }
      } else {
        offset += 1
      }
      bytes.append(byte)
    }
    return Text(String(decoding: bytes, as: UTF8.self))
  }

  /// Passes over a text.
  mutating func skipText() {
    while key[offset] != 0 || key[offset + 1] != 0 { offset += key[offset] == 0 ? 2 : 1 }
    offset += 2
  }

  mutating func number() -> UInt64 {
    defer { offset += 8 }
    return UInt64(bigEndian: key.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  mutating func time() -> Timestamp { Int64(bitPattern: number()) ^ .min }

  mutating func byte() -> UInt8 {
    defer { offset += 1 }
    return key[offset]
  }

  var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: key[offset...]) }
}
