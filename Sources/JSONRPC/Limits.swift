/// What one connection may use. Every limit holds from the start and is not changed while running.
public struct Limits: Sendable, Hashable {
  /// The largest request, in bytes: a longer one is discarded unread.
  public var requestBytes = 4 << 20
  /// The largest `result`, in bytes.
  public var answerBytes = 16 << 20
  /// Requests accepted and not answered, without those that wait: at this number reading stops.
  public var inFlight = 256
  /// Answers not yet taken by the host, in bytes: at this size reading stops. Large ones that are being made count
  /// too, and wait for one another; so do, by themselves, those that are held for the rest of their batch.
  public var outputBytes = 64 << 20
  /// Requests accepted and not answered, in bytes of what they take in memory, without those that wait: at this
  /// size reading stops.
  public var requestBytesInFlight = 32 << 20
  /// Items of one batch.
  public var batchItems = 1_000
  /// Nested arrays and objects in one request.
  public var depth = 128
  /// Requests that wait for something to happen.
  public var waiting = 10_000
  /// The header block of one message in Content-Length framing, in bytes.
  public var headerBytes = 8 << 10
  /// After how long a host that does not read is reported, in milliseconds.
  public var stallMilliseconds = 5_000

  /// The defaults.
  public init() {}
}
