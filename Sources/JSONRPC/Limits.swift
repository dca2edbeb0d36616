/// The limits of one connection. They hold from the start and never change.
public struct Limits: Sendable, Hashable {
  /// The largest request, in bytes. A longer one is discarded unread.
  public var requestBytes = 4 << 20
  /// The largest `result`, in bytes.
  public var answerBytes = 16 << 20
  /// Requests accepted and not answered, except those that wait. At this number the server stops reading.
  public var inFlight = 256
  /// Answers not yet taken by the host, in bytes. At this size the server stops reading. Large answers that
  /// are being made count too, and wait for one another. Answers that are held for the rest of their batch
  /// count too, and have a limit of the same size of their own.
  public var outputBytes = 64 << 20
  /// The memory of requests accepted and not answered, except those that wait, in bytes. At this size the
  /// server stops reading.
  public var requestBytesInFlight = 32 << 20
  /// The largest number of items in one batch.
  public var batchItems = 1_000
  /// The greatest depth of nested arrays and objects in one request.
  public var depth = 128
  /// The largest number of requests that wait for something to happen.
  public var waiting = 10_000
  /// The largest header block of one message with `Content-Length` framing, in bytes.
  public var headerBytes = 8 << 10
  /// The time after which a host that does not read is reported, in milliseconds.
  public var stallMilliseconds = 5_000
  /// The time in which a host must take something of the last events, once no more requests come and every answer is
  /// written, in milliseconds. What is left after it is dropped.
  public var lastEventsMilliseconds = 10_000

  /// Creates the default limits.
  public init() {}
}
