import Inbox
import JSON
import JSONRPC

/// The common part of the methods that change a reader's marks.
protocol MarkMethod: Method {
  /// The flag that the method sets or clears.
  static var flag: MarkChange.Flag { get }
  var marking: MarkParameters { get }
}

extension MarkMethod {
  static var deed: Deed { .change }
  static var parameters: [any ParameterDescription] { MarkParameters.parameters }
  static var result: JSONSchema { .component("Marked") }
  static var errors: [RPCError.Kind] { [.notFound, .limitReached, .storeUnavailable, .outcomeUnknown] }
  static var example: Example {
    Example(
      params: #"{"user_id":"bo","team_id":"blue","nids":["AQRibHVl.1"]}"#,
      result: #"{"changed":1,"total":2,"count":1}"#)
  }

  var claims: [Claim] { .inbox(marking.inbox) }

  var dependencies: [Dependency] { .marking(marking.inbox) }

  func run(_ backend: Backend, _ context: CallContext) async throws -> [UInt8] {
    let change = MarkChange(Self.flag, marking.target)
    do {
      return try await backend.store.change(marksOf: marking.inbox) { reader, state in
        let changed = try change.apply(to: &state, reader)
        let counts = state.counts
        return JSONWriter.object {
          $0.member("changed", changed)
          $0.member("total", counts.total)
          $0.member("count", counts.unread)
        }
      }
    } catch let error as MarkChange.NotFound {
      throw RPCError.notFound(
        pointer: marking.pointer(error.index), message: "there is no such message in this inbox")
    }
  }
}

/// The parameters of the methods that change a reader's marks.
struct MarkParameters: Sendable {
  static let nids = Parameter(
    "nids", .list(.opaque("a nid"), 0...1000), "These messages."
  ).optional
  static let upTo = Parameter(
    "up_to", .opaque("a nid"), "This message and all older ones in the inbox's order."
  ).optional
  static let all = Parameter(
    "all", .boolean, or: false, "Everything in the inbox, archived messages included.")
  static let parameters: [any ParameterDescription] = [
    Common.userID, Common.teamID.optional, nids, upTo, all,
  ]

  let inbox: Inbox
  let target: MarkChange.Target

  init(_ arguments: Arguments) throws(RPCError) {
    inbox = try arguments.inbox()
    let nids = try arguments(Self.nids)
    let upTo = try arguments(Self.upTo)
    let all = try arguments(Self.all)
    switch (nids, upTo, all) {
    case (let nids?, nil, false): target = .messages(nids.map(MessageName.init(nid:)))
    case (nil, let nid?, false): target = .upTo(MessageName(nid: nid))
    case (nil, nil, true): target = .all
    default:
      // The first parameter that should not be given, or else the first one that could be.
      let pointer = nids != nil && upTo != nil ? "/up_to" : all ? "/all" : "/nids"
      throw .invalidParams(pointer: pointer, message: "exactly one of nids, up_to and all must be given")
    }
  }

  /// The JSON Pointer of the parameter that names the target's message at `index`.
  func pointer(_ index: Int) -> String {
    if case .messages = target { "/nids/\(index)" } else { "/up_to" }
  }
}
