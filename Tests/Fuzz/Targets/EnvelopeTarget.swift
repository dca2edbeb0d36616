import JSON

@testable import JSONRPC

extension FuzzTarget {
  /// Envelopes: whatever a host sends on one connection, line after line, every request is answered once,
  /// with the exact bytes of its id; a batch is answered by one array; anything else as JSON-RPC 2.0
  /// requires.
  static let envelopes = FuzzTarget(
    name: "envelopes",
    check: { input in
      var limits = Limits()
      limits.depth = 16
      limits.batchItems = 8
      let conversation = try Conversation(EchoService(), limits: limits)
      for line in input.split(separator: 0x0A).prefix(64) where !conversation.hasEnded {
        let exchange = try conversation.receive(Array(line))
        for request in exchange.requests ?? [] { try checkID(request["id"]) }
      }
    },
    seeds: { transcripts in
      transcripts.flatMap { transcript in
        transcript.sent + [Array(transcript.sent.prefix(8).joined(separator: [0x0A]))]
      }
    })

  /// Checks that an id is equal to itself however it is written, and that its raw bytes are those that were
  /// sent.
  private static func checkID(_ json: JSON?) throws {
    guard let json, let id = RequestID(json) else { return }
    try require(id.raw == json.raw && !id.isNotification, "an id's bytes")
    let rewritten: [UInt8]
    if let string = json.string {
      var writer = JSONWriter()
      writer.string(string)
      rewritten = writer.take()
    } else {
      rewritten = Array(json.raw)
    }
    let other = RequestID(try JSON(parsing: rewritten))
    try require(other == id && other?.hashValue == id.hashValue, "the same id")
    // 1 is not "1".
    let quoted = try? JSON(parsing: [0x22] + json.raw + [0x22])
    if let quoted { try require(RequestID(quoted) != id, "a number is no string") }
  }
}

/// Answers `echo` with its parameters, and fails at `fail`.
private struct EchoService: Service {
  let methods = ["echo", "fail", "ping"]

  func prepare(method: JSON, params: JSON?) throws(RPCError) -> PreparedCall {
    guard let name = method.string, let index = methods.firstIndex(of: name) else {
      throw .methodNotFound(method.string ?? "")
    }
    let raw = params.map { Array($0.raw) } ?? Array("null".utf8)
    let dependencies = (params?["key"]?.integer).map {
      [Dependency(key: UInt64(bitPattern: $0), mode: .ordered(0))]
    }
    return PreparedCall(methodIndex: index, dependencies: dependencies ?? []) { context in
      context.progress(done: 1, total: 2)
      if name == "fail" { throw RPCError(RPCError.Kind(code: 2001, name: "not_found"), "nothing here") }
      return raw
    }
  }
}
