import CCrypto
import Inbox

extension MessageBody {
  /// SHA-256 of all that was sent: decides whether a key comes again with the same message.
  var digest: [UInt8] {
    var writer = ByteWriter(reservingCapacity: 256)
    for field in [sender?.string, username, teamName, receiver?.string, type.string, content, data] {
      // Whether a field was sent is part of what was sent: "" differs from nothing.
      writer.writeByte(field == nil ? 0 : 1)
      if let field { writer.writeBytes(field.utf8) }
    }
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    // Both arrays live through the call, and SHA256 writes exactly SHA256_DIGEST_LENGTH bytes.
    SHA256(writer.bytes, writer.bytes.count, &digest)
    return digest
  }
}
