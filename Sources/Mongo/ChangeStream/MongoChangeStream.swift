import Synchronization

/// The changes of a collection, as a majority confirms them.
///
/// The stream has a thread of its own, opens when there is a primary, and resumes by itself after network
/// errors and elections. It ends when it is closed, when the pool is closed, or when the collection is
/// dropped. It throws errors that waiting can't heal: kind ``MongoError/Kind/unsupported`` on a standalone
/// server, missing rights, or a resume token older than the server's history (code 286).
///
/// It has one consumer at a time. If the consumer falls behind by the buffer's size, the thread waits for it.
public final class MongoChangeStream: AsyncSequence, Sendable {
  /// An event of the stream.
  public enum Event: Sendable {
    /// The stream sees all changes from here on. Unless `resumed`, it has missed what happened before: read
    /// that now.
    case opened(resumed: Bool)
    /// A change document from the server, with `operationType`, `fullDocument` and so on.
    case change(BSONDocument)
  }

  private let core: ChangeStreamCore

  init(_ core: ChangeStreamCore) {
    self.core = core
  }

  deinit {
    core.close()
  }

  /// The token to resume from after the events taken so far; nil until the server has sent one.
  public var resumeToken: BSONDocument? { core.consumedToken }

  /// Ends the stream: the iteration ends at once, the thread within one `wait`.
  public func close() {
    core.close()
  }

  /// An iteration over the events.
  public func makeAsyncIterator() -> Iterator {
    Iterator(stream: self)
  }

  /// An iterator that takes events one by one.
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
  ///   - pipeline: Stages that select and shape the changes.
  ///   - token: The place to continue from: an earlier ``MongoChangeStream/resumeToken``.
  ///   - fullDocument: `updateLookup` for the whole document after an update.
  ///   - wait: The time that the server may wait for a change before it answers. It is also the longest time
  ///     that closing takes while all is well.
  ///   - buffer: The number of events that may wait for the consumer.
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
