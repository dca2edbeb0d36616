import JSON

/// The methods behind a server: a service knows the methods, while the server knows the wire.
public protocol Service: Sendable {
  /// The methods' names. The index of a method here is its `PreparedCall.methodIndex`.
  var methods: [String] { get }

  /// Checks a method and its parameters, without I/O. The server calls this for one request after the other,
  /// in order of arrival, on the reading thread: the time that it takes delays every later request.
  ///
  /// - Parameters:
  ///   - method: the method's name, a JSON string.
  ///   - params: the parameters by name, a JSON object; nil if there are none. The member `_meta` is for the
  ///     server, and is to be ignored.
  func prepare(method: JSON, params: JSON?) throws(RPCError) -> PreparedCall

  /// Whether no notification of the service's own is on its way, for what has happened so far.
  var isQuiet: Bool { get }
}

extension Service {
  /// True, for a service that sends none.
  public var isQuiet: Bool { true }
}

/// A checked request that is ready to run.
public struct PreparedCall: Sendable {
  /// The method's index in `Service.methods`.
  public let methodIndex: Int
  /// The things that the call reads and changes; empty if it may run beside any other call.
  public let dependencies: [Dependency]
  /// Does the work and returns the JSON text of `result`.
  ///
  /// The part before the first suspension runs before any later request starts, so that whatever it hands to
  /// a store arrives there in the order of the wire; that part must not block. A thrown `RPCError` becomes
  /// the answer, a `CancellationError` becomes `cancelled`, and any other error `internal`.
  public let run: @Sendable (CallContext) async throws -> [UInt8]
  /// The result, if it is known already: then the call is answered at once, and nothing is run.
  let result: [UInt8]?
  /// Begins the same work without a task, which costs less; nil if it needs one. The same holds for it as for the part
  /// of `run` before the first suspension.
  public let begin: Begin?

  /// Begins work: the closure is told how it ended, once, on any thread that holds no lock.
  public typealias Begin = @Sendable (CallContext, @escaping @Sendable (Outcome) -> Void) -> Begun

  /// How work that was begun without a task goes on.
  public enum Begun: Sendable {
    /// Its end is told, or will be soon.
    case done
    /// It waits in a queue; the closure takes it back when the call is cancelled.
    case queued(@Sendable () -> Void)
    /// Nothing was done: it has to be run by a task.
    case needsTask
  }

  /// How work ended that was begun without a task.
  public enum Outcome: Sendable {
    case result([UInt8])
    case failure(any Error)
    /// It has to wait for something, and is run by a task from the start.
    case needsTask
  }

  /// Creates a call that is ready to run.
  public init(
    methodIndex: Int, dependencies: [Dependency] = [], begin: Begin? = nil,
    run: @escaping @Sendable (CallContext) async throws -> [UInt8]
  ) {
    self.methodIndex = methodIndex
    self.dependencies = dependencies
    self.begin = begin
    self.run = run
    result = nil
  }

  /// Creates a call that is answered with a result that is known already.
  public init(methodIndex: Int, result: [UInt8]) {
    self.methodIndex = methodIndex
    self.result = result
    (dependencies, begin) = ([], nil)
    run = { _ in result }
  }
}

/// The name and version of the program, as `initialize` reports them.
public struct ServerInfo: Sendable {
  /// The program's name.
  public let name: String
  /// The program's version.
  public let version: String

  /// Creates the description of a program.
  public init(name: String, version: String) {
    self.name = name
    self.version = version
  }
}
