/// The changes of a pool's database, as a majority confirms them.
///
/// The stream has a thread of its own and opens when there is a primary. After a network error libmongoc goes on
/// where it was; after an election, an outage, a lost history of the server or the end of the database the
/// stream opens anew, from then on: no place in an earlier stream is worth anything once the servers may have
/// another past. That does not wait for a server that is frozen. It ends when it is closed, when the pool is closed, or when it can't be opened.
public final class MongoChangeStream: Sendable {
  /// An event of the stream.
  public enum Event: Sendable {
    /// The stream sees all changes from here on, and may have missed what happened before: read that now.
    case opened
    /// A change document from the server, with `operationType`, `fullDocument` and so on.
    case change(BSONDocument)
    /// The stream can't be opened, for a reason that waiting does not heal: kind ``MongoError/Kind/unsupported``
    /// on a standalone server, or missing rights. It has ended.
    case failed(MongoError)
  }

  private let core: ChangeStreamCore

  init(_ core: ChangeStreamCore) {
    self.core = core
  }

  deinit {
    core.close()
  }

  /// Ends the stream: soon its listener is no longer called; the thread ends within one `wait`.
  public func close() {
    core.close()
  }
}

extension MongoClientPool {
  /// Watches the database.
  ///
  /// - Parameters:
  ///   - pipeline: Stages that select and shape the changes.
  ///   - wait: The time that the server may wait for a change before it answers. It is also the longest time
  ///     that closing takes while all is well.
  ///   - listener: Receives the events one after the other, on the stream's thread; a change of the next batch
  ///     is read only when it returns. After an election a last change that was told by the server before may come beside
  ///     them. It may be called before this function returns.
  public func changes(
    _ pipeline: BSONArray, wait: Duration = .milliseconds(500),
    _ listener: @escaping @Sendable (MongoChangeStream.Event) -> Void
  ) -> MongoChangeStream {
    let stream = ChangeStreamCore(pipeline: pipeline, wait: wait, listener)
    core.add(stream.reader)
    return MongoChangeStream(stream)
  }
}
