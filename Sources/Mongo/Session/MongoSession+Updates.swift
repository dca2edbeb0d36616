import CMongoC

extension MongoSession {
  /// The limits, in bytes and in updates, above which a command takes no more: far below the server's.
  private static let bytesTogether = 8 << 20
  private static let updatesTogether = 1000

  /// Updates single documents in a collection that must have this UUID. libmongoc's bulks take no such
  /// option, so these are commands of our own; libmongoc retries each if the server supports that.
  func updateEach(
    _ collection: String, _ uuid: BSONUUID, _ writes: [MongoWrite], ordered: Bool
  ) -> MongoWriteResult {
    let chunks = Self.chunks(writes)
    var result = MongoWriteResult()
    for chunk in chunks {
      let reply = BSONOwner()
      do throws(MongoError) {
        let options = try build { (writer) throws(MongoError) in try writeOptions(&writer) }
        let command = try build { (writer) throws(MongoError) in
          writer.append("update", collection)
          writer.append("ordered", ordered)
          writer.append("collectionUUID", uuid)
          writer.append("updates") { (array: inout BSONArrayWriter) in
            for write in writes[chunk] { array.append { write.writeUpdate(to: &$0) } }
          }
        }
        try check(chunks.count > 1 ? .writes : .write, reply: reply) { error in
          command.withBSON { command in
            options.withBSON { options in
              mongoc_client_write_command_with_opts(client, database, command, options, reply.pointer, error)
            }
          }
        }
        result.add(updateReply: reply.document, from: chunk.lowerBound, failure: nil)
      } catch {
        result.add(updateReply: reply.document, from: chunk.lowerBound, failure: error)
      }
      if let error = result.error {
        note(error)
        if ordered || result.failure != nil { break }
      }
    }
    return result
  }

  private static func chunks(_ writes: [MongoWrite]) -> [Range<Int>] {
    var chunks: [Range<Int>] = []
    var (start, bytes) = (0, 0)
    for (index, write) in writes.enumerated() {
      bytes += write.byteCount
      guard bytes >= bytesTogether || index + 1 - start >= updatesTogether || index + 1 == writes.count else {
        continue
      }
      chunks.append(start..<(index + 1))
      (start, bytes) = (index + 1, 0)
    }
    return chunks
  }
}

extension MongoWrite {
  /// Whether this is an update of one document.
  var isUpdateOfOne: Bool { if case .updateOne = self { true } else { false } }

  fileprivate var byteCount: Int {
    if case .updateOne(let filter, let update, _) = self { filter.byteCount + update.byteCount } else { 0 }
  }

  fileprivate func writeUpdate(to writer: inout BSONWriter) {
    guard case .updateOne(let filter, let update, let upsert) = self else { return }
    writer.append("q", filter)
    writer.append("u", update)
    if upsert { writer.append("upsert", true) }
  }
}
