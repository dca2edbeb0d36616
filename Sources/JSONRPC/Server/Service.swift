import JSON

/// What answers requests: knows the methods, while the server knows the wire.
public protocol Service: Sendable {
  /// The methods' names. A method's place here is its `PreparedCall.methodIndex`.
  var methods: [String] { get }

  /// Checks a method and its parameters, without I/O. Called for one request after the other, in order of
  /// arrival, on the thread that reads: what it takes delays every request behind it.
  ///
  /// - Parameters:
  ///   - method: the method's name; its kind is string.
  ///   - params: the parameters by name, an object; nil if there are none. The member `_meta` is the
  ///     server's and is to be passed over.
  func prepare(method: JSON, params: JSON?) throws(RPCError) -> PreparedCall
}

/// A request that was found to be in order, ready to run.
public struct PreparedCall: Sendable {
  /// The method's place in `Service.methods`.
  public let methodIndex: Int
  /// What the call reads and changes; empty if it may run beside anything.
  public let touches: [Touch]
  /// Does the work and returns the JSON text of `result`.
  ///
  /// Up to its first suspension it runs before any later request is started, so what it hands to a store
  /// there arrives in the order of the wire; that part must not block. A thrown `RPCError` is the answer; a
  /// `CancellationError` becomes `cancelled`; anything else `internal`.
  public let run: @Sendable (CallContext) async throws -> [UInt8]

  /// A call that is ready to run.
  public init(
    methodIndex: Int, touches: [Touch] = [], run: @escaping @Sendable (CallContext) async throws -> [UInt8]
  ) {
    self.methodIndex = methodIndex
    self.touches = touches
    self.run = run
  }
}

/// Who answers, as `initialize` reports it.
public struct ServerInfo: Sendable {
  /// The program's name.
  public let name: String
  /// The program's version.
  public let version: String

  /// The program's name and version.
  public init(name: String, version: String) {
    self.name = name
    self.version = version
  }
}
