import CMongoC

/// One operation of a bulk.
public enum MongoWrite: Sendable {
  case insert(BSONDocument)
  case updateOne(filter: BSONDocument, update: BSONDocument, upsert: Bool = false)
  case deleteOne(filter: BSONDocument)

  /// The kind of command for this operation: libmongoc sends neighbours of the same kind in one command.
  fileprivate var commandKind: Int {
    switch self {
    case .insert: 0
    case .updateOne: 1
    case .deleteOne: 2
    }
  }
}

extension MongoSession {
  /// Inserts documents, of any total size; libmongoc adds an `_id` to those without one.
  ///
  /// Ordered: after the first refusal nothing more is inserted. Keys are sent unchanged, whatever they
  /// contain.
  public func insertMany(
    _ collection: String, _ documents: [BSONDocument], ordered: Bool = true
  ) -> MongoWriteResult {
    guard !documents.isEmpty else { return MongoWriteResult() }
    let batch = BSONBatch(documents)
    let options = writeOptions {
      $0.append("ordered", ordered)
      $0.append("validate", false)
      if let uuid = collectionUUIDs[collection] { $0.append("collectionUUID", uuid) }
    }
    return write(.write, options) { options, reply, error in
      mongoc_collection_insert_many(
        self.collection(collection), batch.pointers, batch.count, options, reply, error)
    }
  }

  /// Updates the first document that matches.
  public func updateOne(
    _ collection: String, filter: BSONDocument, update: BSONDocument, upsert: Bool = false
  ) -> MongoWriteResult {
    if let uuid = collectionUUIDs[collection] {
      let write = MongoWrite.updateOne(filter: filter, update: update, upsert: upsert)
      return updateEach(collection, uuid, [write], ordered: true)
    }
    let options = writeOptions { if upsert { $0.append("upsert", true) } }
    return write(.write, options) { options, reply, error in
      filter.withBSON { filter in
        update.withBSON { update in
          mongoc_collection_update_one(self.collection(collection), filter, update, options, reply, error)
        }
      }
    }
  }

  /// Performs many writes in few commands: neighbours of the same kind go together.
  ///
  /// Ordered: after the first refusal nothing more is written.
  public func bulk(
    _ collection: String, _ writes: [MongoWrite], ordered: Bool = true
  ) -> MongoWriteResult {
    guard let first = writes.first else { return MongoWriteResult() }
    if let uuid = collectionUUIDs[collection], writes.allSatisfy(\.isUpdateOfOne) {
      return updateEach(collection, uuid, writes, ordered: ordered)
    }
    let isOneCommand = writes.allSatisfy { $0.commandKind == first.commandKind }
    let options = writeOptions { $0.append("ordered", ordered) }
    return write(isOneCommand ? .write : .writes, options) { options, reply, error in
      let bulk = mongoc_collection_create_bulk_operation_with_opts(self.collection(collection), options)
      defer { mongoc_bulk_operation_destroy(bulk) }
      for write in writes where !Self.append(write, to: bulk, error) { return false }
      return mongoc_bulk_operation_execute(bulk, reply, error) != 0
    }
  }

  /// The options of every write and the additional ones; if the deadline has passed, that comes back as the
  /// failure.
  private func writeOptions(
    _ body: (inout BSONWriter) -> Void
  ) -> Result<BSONDocument, MongoError> {
    Result { () throws(MongoError) in
      try build { (writer) throws(MongoError) in
        body(&writer)
        try writeOptions(&writer)
      }
    }
  }

  private func write(
    _ operation: MongoError.Operation, _ options: Result<BSONDocument, MongoError>,
    _ call: (
      OpaquePointer, OpaquePointer, UnsafeMutablePointer<bson_error_t>
    ) -> Bool
  ) -> MongoWriteResult {
    let reply = BSONOwner()
    do throws(MongoError) {
      let options = try options.get()
      try check(operation, reply: reply) { error in
        options.withBSON { call($0, reply.pointer, error) }
      }
      let result = MongoWriteResult(reply: reply.document, failure: nil)
      if let error = result.error { note(error) }
      return result
    } catch {
      let result = MongoWriteResult(reply: reply.document, failure: error)
      if let error = result.error { note(error) }
      return result
    }
  }

  private static func append(
    _ write: MongoWrite, to bulk: OpaquePointer?, _ error: UnsafeMutablePointer<bson_error_t>
  ) -> Bool {
    switch write {
    case .insert(let document):
      (["validate": false] as BSONDocument).withBSON { options in
        document.withBSON { mongoc_bulk_operation_insert_with_opts(bulk, $0, options, error) }
      }
    case .updateOne(let filter, let update, let upsert):
      pair(filter, update, upsert: upsert) {
        mongoc_bulk_operation_update_one_with_opts(bulk, $0, $1, $2, error)
      }
    case .deleteOne(let filter):
      filter.withBSON { mongoc_bulk_operation_remove_one_with_opts(bulk, $0, nil, error) }
    }
  }

  private static func pair(
    _ filter: BSONDocument, _ document: BSONDocument, upsert: Bool,
    _ call: (OpaquePointer, OpaquePointer, OpaquePointer?) -> Bool
  ) -> Bool {
    filter.withBSON { filter in
      document.withBSON { document in
        BSONDocument.withOptional(upsert ? ["upsert": true] : nil) { call(filter, document, $0) }
      }
    }
  }
}
