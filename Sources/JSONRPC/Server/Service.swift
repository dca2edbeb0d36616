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

  /// Creates a call that is ready to run.
  public init(
    methodIndex: Int, dependencies: [Dependency] = [],
    run: @escaping @Sendable (CallContext) async throws -> [UInt8]
  ) {
    self.methodIndex = methodIndex
    self.dependencies = dependencies
    self.run = run
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
