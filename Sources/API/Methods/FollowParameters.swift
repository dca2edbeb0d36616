import Inbox
import JSONRPC

/// The inboxes that a call follows, and from where: one by `team_id` and `cursor`, or a list.
struct FollowParameters: Sendable {
  /// One of them.
  struct Place: Sendable {
    var inbox: Inbox
    /// The cursor to go on from; nil if none was given, or one that can't be continued.
    var cursor: ChangeCursor?
    /// Whether the cursor has the format of another version.
    var isExpired = false
  }

  /// The parameters, in the order in which they are checked.
  static let parameters: [any ParameterDescription] = [
    Common.userID, Common.teamID.optional, Common.changeCursor, Common.inboxes,
  ]

  let places: [Place]
  /// Whether they came as a list: then a cursor that has expired is no error.
  let isList: Bool

  init(_ arguments: Arguments) throws(RPCError) {
    let inbox = try arguments.inbox()
    let cursor = try arguments(Common.changeCursor)
    guard let list = try arguments(Common.inboxes) else {
      isList = false
      let place = try Self.place(inbox, cursor, at: "/cursor")
      if place.isExpired { throw .cursorExpired(pointer: "/cursor") }
      places = [place]
      return
    }
    guard inbox.team == nil, cursor == nil else {
      throw .invalidParams(
        pointer: "/inboxes", message: "inboxes can't be given beside team_id or cursor")
    }
    isList = true
    var places: [Place] = []
    places.reserveCapacity(list.count)
    var known = Set<Inbox>()
    for (index, item) in list.enumerated() {
      let inbox = Inbox(user: inbox.user, team: item.team)
      guard known.insert(inbox).inserted else {
        throw .invalidParams(pointer: "/inboxes/\(index)", message: "this inbox is in the list already")
      }
      places.append(try Self.place(inbox, item.cursor, at: "/inboxes/\(index)/cursor"))
    }
    self.places = places
  }

  private static func place(
    _ inbox: Inbox, _ text: String?, at pointer: String
  ) throws(RPCError) -> Place {
    guard let text else { return Place(inbox: inbox) }
    let cursor = ChangeCursor(text: text)
    if cursor == nil, ChangeCursor.isOfAnotherFormat(text) { return Place(inbox: inbox, isExpired: true) }
    guard let cursor, cursor.belongs(to: inbox) else {
      throw .invalidParams(
        pointer: pointer, message: "\(pointer.dropFirst()) must be a cursor of this inbox's changes")
    }
    return Place(inbox: inbox, cursor: cursor)
  }

  /// The inboxes.
  var inboxes: [Inbox] { places.map(\.inbox) }

  /// The claims for all inboxes.
  var claims: [Claim] {
    guard isList else { return .inbox(places[0].inbox) }
    return [.user(places[0].inbox.user)]
      + places.enumerated().map { index, place in
        let pointer = "/inboxes/\(index)/team_id"
        return place.inbox.team.map { .team($0, pointer: pointer) } ?? .account(pointer: pointer)
      }
  }

  /// The dependencies of a call that reads all inboxes.
  var dependencies: [Dependency] { places.flatMap { [Dependency].reading($0.inbox) } }
}
