import Synchronization

/// Changes of a collection, as they are confirmed by a majority.
///
/// The stream has a thread of its own, opens when there is a primary, and resumes by itself after network
/// errors and elections. It ends when it is closed, when the pool is, or when the collection
/// is dropped; it throws what waiting can't heal: kind ``MongoError/Kind/unsupported`` on a standalone
/// server,
/// missing rights, or a resume token older than the server's history (code 286).
///
/// One consumer at a time. If it falls behind by the buffer's size, the thread waits for it.
public final class MongoChangeStream: AsyncSequence, Sendable {
  /// What the stream tells.
  public enum Event: Sendable {
    /// Changes from here on are seen. Unless `resumed`, what happened before is not: read it now.
    case opened(resumed: Bool)
    /// A change document of the server's, with `operationType`, `fullDocument` and so on.
    case change(BSONDocument)
  }

  private let core: ChangeStreamCore

  init(_ core: ChangeStreamCore) {
    self.core = core
  }

  deinit {
    core.close()
  }

  /// The place to resume from after the events taken so far; nil before the server has told one.
  public var resumeToken: BSONDocument? { core.consumedToken }

  /// Ends the stream: the iteration ends at once, the thread within one waiting time.
  public func close() {
    core.close()
  }

  /// An iteration over the events.
  public func makeAsyncIterator() -> Iterator {
    Iterator(stream: self)
  }

  /// Takes events one by one.
  public struct Iterator: AsyncIteratorProtocol {
    fileprivate let stream: MongoChangeStream

    /// The next event; nil when the stream has ended or the task is cancelled.
    public mutating func next() async throws -> Event? {
      let core = stream.core
      return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { core.take($0) }
      } onCancel: {
        core.stopTaking()
      }
    }
  }
}

extension MongoClientPool {
  /// Watches a collection.
  ///
  /// - Parameters:
  ///   - pipeline: Stages that choose and shape the changes.
  ///   - token: Where to go on: a ``MongoChangeStream/resumeToken`` of earlier.
  ///   - fullDocument: `updateLookup` for the whole document after an update.
  ///   - wait: How long the server may wait for a change before it answers: the longest time that closing
  ///   takes
  ///     while all is well.
  ///   - buffer: How many events may wait for the consumer.
  public func changes(
    in collection: String, pipeline: BSONArray = [], resumeAfter token: BSONDocument? = nil,
    fullDocument: String? = nil, wait: Duration = .milliseconds(500), buffer: Int = 1024
  ) -> MongoChangeStream {
    let stream = ChangeStreamCore(
      collection: collection, pipeline: pipeline, token: token, fullDocument: fullDocument, wait: wait,
      limit: buffer)
    core.add(stream)
    return MongoChangeStream(stream)
  }
}
