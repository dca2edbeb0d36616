import Inbox

extension MessageBody {
  /// The SHA-256 digest of everything that was sent: it tells whether a repeated key comes with the same
  /// message.
  var digest: [UInt8] {
    var writer = ByteWriter(reservingCapacity: 256)
    for field in [sender?.string, username, teamName, receiver?.string, type.string, content, data] {
      // Whether a field was sent is part of the digest: "" differs from a field that is left out.
      writer.writeByte(field == nil ? 0 : 1)
      if let field { writer.writeBytes(field.utf8) }
    }
    return SHA256.digest(writer.bytes)
  }
}
