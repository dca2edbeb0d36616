import Inbox
import JSON
import JSONRPC
import MemoryStore
import Runtime
import Synchronization

@testable import API

extension FuzzTarget {
  /// The parameters of every method, over a store in memory: one conversation of lines `METHOD PARAMS`. An
  /// error names the parameter that it is about; accepted parameters fit their schemas, and the result fits
  /// the method's.
  ///
  /// In a line, `<nX>` stands for one of the nids that were given so far, and `<cX>` for one of the cursors:
  /// X is the letter of its number.
  static let parameters = FuzzTarget(
    name: "parameters",
    check: { input in
      let store = MemoryStore(clock: Ticking().clock)
      let conversation = try Conversation(TidingsService(store: store), limits: Limits())
      var names = GivenNames()
      for line in input.split(separator: 0x0A).prefix(32) {
        let parts = line.split(separator: 0x20, maxSplits: 1)
        guard parts.count == 2, let params = try? JSON(parsing: names.fill(Array(parts[1]))),
          let method = Registry.methods.first(where: { "\($0.name)".utf8.elementsEqual(parts[0]) })
        else { continue }
        let message =
          Array(#"{"jsonrpc":"2.0","id":1,"method":"\#(method.name)","params":"#.utf8) + params.raw + [0x7D]
        guard let answer = try conversation.receive(message).answers.first, params.kind == .object else {
          continue
        }
        if let error = answer["error"] {
          try checkError(error, of: method, params)
        } else if let result = answer["result"] {
          try checkResult(result, of: method, params)
          names.collect(result)
        }
      }
    },
    seeds: { transcripts in transcripts.map { GivenNames.seed($0) } })

  private static func checkError(_ error: JSON, of method: any Method.Type, _ params: JSON) throws {
    let kind = error["data"]?["kind"]?.string ?? ""
    let isTimed = params["_meta"]?["timeout_ms"] != nil
    try require(
      kind == "invalid_params" || method.errors.contains { $0.name == kind }
        || kind == "deadline_exceeded" && isTimed,
      "\(method.name) has no error \(kind)")
    let pointer = error["data"]?["details"]?["pointer"]?.string
    guard let pointer else {
      try require(kind != "invalid_params", "an error without a pointer")
      return
    }
    let tokens = pointer.utf8.split(
      separator: UInt8(ascii: "/"), maxSplits: 2, omittingEmptySubsequences: false)
    try require(tokens.count >= 2 && tokens[0].isEmpty, "no pointer: \(pointer)")
    let name = String(tokens[1])!
    let isKnown = method.parameters.contains { "\($0.name)" == name }
    let isGiven = params.members.contains {
      $0.key.string?.replacing("~", with: "~0").replacing("/", with: "~1") == name
    }
    try require(isKnown || isGiven, "the pointer \(pointer) names no parameter")
  }

  private static func checkResult(_ result: JSON, of method: any Method.Type, _ params: JSON) throws {
    if let misfit = method.result.misfit(result) {
      throw Broken("\(method.name)'s result: \(misfit)")
    }
    for (key, value) in params.members where !key.equals("_meta") && !value.isNull {
      guard let parameter = method.parameters.first(where: { key.equals($0.name) }) else {
        throw Broken("\(method.name) took an unknown parameter")
      }
      if let misfit = parameter.schema.misfit(value) {
        throw Broken("\(method.name) took \(parameter.name): \(misfit)")
      }
    }
    for parameter in method.parameters where parameter.isRequired {
      try require(params[parameter.name].map { !$0.isNull } == true, "\(parameter.name) was not required")
    }
    if let total = result["total"]?.integer, let count = result["count"]?.integer {
      try require(count <= total, "\(method.name): \(count) unread of \(total)")
    }
  }
}

/// A clock that advances by a millisecond with each message, so that a run can be repeated.
private final class Ticking: Sendable {
  private let now = Atomic<Int64>(1_700_000_000_000)

  var clock: WallClock { { [self] in now.wrappingAdd(1, ordering: .relaxed).newValue } }
}
