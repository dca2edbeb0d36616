/// The result of a write.
public struct MongoWriteResult: Sendable {
  /// A document or operation that the server refused.
  public struct WriteError: Sendable, Hashable {
    /// The index of the document or operation, from 0. In an ordered write, those before it are done and
    /// those after it are not.
    public var index: Int
    /// The server's code.
    public var code: Int32
    /// The server's message, which may quote values of a unique key.
    public var message: String

    /// Whether a unique index refused the document.
    public var isDuplicateKey: Bool { ServerCode.duplicateKey.contains(code) }
  }

  /// A confirmation that failed: the write exists for now, and may be rolled back.
  public struct WriteConcernError: Sendable, Hashable {
    /// The server's code; 64 is a timeout.
    public var code: Int32
    /// The server's message.
    public var message: String
  }

  /// The number of documents inserted; in an ordered write these are the first ones.
  public var inserted = 0
  /// The number of documents that a filter matched.
  public var matched = 0
  /// The number of documents that were changed; a match may have needed no change.
  public var modified = 0
  /// The number of documents inserted by an upsert.
  public var upserted = 0
  /// The number of documents deleted.
  public var deleted = 0
  /// The documents and operations that the server refused.
  public var writeErrors: [WriteError] = []
  /// The confirmations that failed.
  public var writeConcernErrors: [WriteConcernError] = []
  /// The reason why the write as a whole was broken off, if it was.
  public var failure: MongoError?

  /// Whether the counts and errors are complete and final.
  ///
  /// Unknown after a network error, a change of primary or a failed confirmation: then any part of the write
  /// may be there now, come later, or be rolled back.
  public var outcome: MongoError.Outcome {
    guard writeConcernErrors.isEmpty, failure?.outcome != .unknown else { return .unknown }
    return writeErrors.contains { ServerCode.unknownAfterWrite.contains($0.code) } ? .unknown : .known
  }

  /// The first error, to be thrown; nil if everything is done and confirmed.
  public var error: MongoError? {
    if let failure { return failure }
    if let first = writeErrors.first {
      return MongoError(
        MongoError.kind(ofServerCode: first.code), first.message, domain: "server",
        code: first.code, outcome: outcome, hasWriteConcernError: !writeConcernErrors.isEmpty)
    }
    guard let first = writeConcernErrors.first else { return nil }
    return MongoError(
      .writeConcern, first.message, domain: "write_concern", code: first.code, outcome: .unknown,
      hasWriteConcernError: true)
  }

  /// Returns the result if everything is done and confirmed; throws the first error otherwise.
  @discardableResult
  public func get() throws(MongoError) -> MongoWriteResult {
    if let error { throw error }
    return self
  }
}

extension MongoWriteResult {
  /// Reads libmongoc's reply to a write: a bulk's reply uses other names than that of a single write.
  init(reply: BSONDocument, failure: MongoError?) {
    do {
      try fill(from: reply)
      // The errors in the reply are more precise than libmongoc's summary of them.
      let isListed = !writeErrors.isEmpty || !writeConcernErrors.isEmpty
      let isOwn = failure?.domain != "server" && failure?.domain != "write_concern"
      self.failure = isListed && !isOwn && failure?.labels.isEmpty != false ? nil : failure
    } catch {
      self.failure =
        failure ?? MongoError(.malformedReply, error.description, domain: "bson", outcome: .unknown)
    }
  }

  init(failure: MongoError) {
    self.failure = failure
  }

  /// Adds the server's own reply to an update command whose first update was number `first`.
  mutating func add(updateReply reply: BSONDocument, from first: Int, failure: MongoError?) {
    var other = MongoWriteResult()
    do {
      try other.fill(fromUpdate: reply, first)
      self.failure = self.failure ?? failure
    } catch {
      self.failure =
        self.failure ?? failure
        ?? MongoError(.malformedReply, error.description, domain: "bson", outcome: .unknown)
    }
    matched = matched.addingReportingOverflow(other.matched).partialValue
    modified = modified.addingReportingOverflow(other.modified).partialValue
    upserted = upserted.addingReportingOverflow(other.upserted).partialValue
    writeErrors += other.writeErrors
    writeConcernErrors += other.writeConcernErrors
    // The failed confirmation is more precise than libmongoc's summary of it.
    if !other.writeConcernErrors.isEmpty, self.failure?.kind == .writeConcern { self.failure = nil }
  }

  private mutating func fill(fromUpdate reply: BSONDocument, _ first: Int) throws(BSONError) {
    var reader = BSONReader(reply)
    while let element = try reader.next() {
      switch element.key {
      case "n": matched = Int(try element.int64())
      case "nModified": modified = Int(try element.int64())
      case "upserted": upserted = try element.array().documents().count
      case "writeErrors":
        try add(writeErrors: element, from: first)
      case "writeConcernError":
        try add(writeConcernError: element.document())
      default: break
      }
    }
    // The server counts inserted documents as matched.
    matched = max(0, matched - upserted)
  }

  private mutating func fill(from reply: BSONDocument) throws(BSONError) {
    var reader = BSONReader(reply)
    while let element = try reader.next() {
      switch element.key {
      case "insertedCount", "nInserted": inserted = Int(try element.int64())
      case "matchedCount", "nMatched": matched = Int(try element.int64())
      case "modifiedCount", "nModified": modified = Int(try element.int64())
      case "upsertedCount", "nUpserted": upserted = Int(try element.int64())
      case "deletedCount", "nRemoved": deleted = Int(try element.int64())
      case "upsertedId": upserted = max(upserted, 1)
      case "writeErrors":
        try add(writeErrors: element, from: 0)
      case "writeConcernErrors":
        for error in try element.array().documents() { try add(writeConcernError: error) }
      default: break
      }
    }
  }

  private mutating func add(writeErrors element: BSONElement, from first: Int) throws(BSONError) {
    for error in try element.array().documents() {
      let (index, overflows) = try error.get("index").int64().addingReportingOverflow(Int64(first))
      writeErrors.append(
        WriteError(
          index: overflows ? -1 : Int(index), code: try Self.code(of: error),
          message: try error.find("errmsg")?.string() ?? ""))
    }
  }

  private mutating func add(writeConcernError error: BSONDocument) throws(BSONError) {
    writeConcernErrors.append(
      WriteConcernError(code: try Self.code(of: error), message: try error.find("errmsg")?.string() ?? ""))
  }

  private static func code(of error: BSONDocument) throws(BSONError) -> Int32 {
    Int32(truncatingIfNeeded: try error.find("code")?.int64() ?? 0)
  }
}
