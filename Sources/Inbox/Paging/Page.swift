/// One page of an inbox, with its messages in some form.
public struct Page<Item: Listed>: Sendable {
  /// The inbox that is listed.
  public var inbox: Inbox { listing.query.inbox }
  /// The state that the page was made from.
  public var state: InboxState { listing.state }
  /// The number of messages in the view that pass the filter.
  public var total: Int { listing.total }
  /// The number of those that are not read.
  public var count: Int { listing.count }
  let listing: Listing
  var start: Listing.Place?
  /// The messages of the page, in its order.
  public internal(set) var entries: [Entry<Item>] = []

  /// The cursor after the first `taken` messages of the page; nil at the end of the listing.
  @specialized(where Item == WrittenMessage)
  public func cursor(after taken: Int) -> Cursor? {
    guard var place = start else { return nil }
    for entry in entries.prefix(taken) {
      if entry.part != place.part { place = listing.place(part: entry.part) }
      place.position[entry.side] = entry.message.seq
    }
    while place.part < listing.parts.count, listing.rest(of: place) == 0 {
      place = listing.place(part: place.part + 1)
    }
    guard place.part < listing.parts.count else { return nil }
    return Cursor(
      listing: listing.query.listing, part: place.part, position: place.position, heads: listing.heads,
      earlier: listing.earlier)
  }
}

/// A message as its reader sees it.
public struct Entry<Item: Listed>: Sendable {
  /// The side of the inbox that holds the message.
  public var side: Inbox.Side
  /// The message.
  public var message: Item
  /// Whether it is read, by a mark or because the reader sent it.
  public var read: Bool
  /// Whether it is seen.
  public var seen: Bool
  /// Whether it is archived.
  public var archived: Bool
  /// The index of the part of the listing that the message is in.
  var part: Int
}

extension Entry {
  /// The same place and marks, with the message in another form.
  public func map<Other: Listed>(_ message: Other) -> Entry<Other> {
    Entry<Other>(
      side: side, message: message, read: read, seen: seen, archived: archived, part: part)
  }
}

extension Entry: Equatable where Item: Equatable {}
extension Entry: Hashable where Item: Hashable {}

extension InboxState {
  /// A message as its reader sees it; nil if it does not exist for this reader.
  public func entry(_ name: MessageName, _ reader: any StoreReader) throws -> Entry<Message>? {
    guard let side = inbox.side(of: name.log), living(side).contains(name.seq),
      let message = try reader.messages(in: name.log, SequenceSet(name.seq)).first
    else { return nil }
    return entry(of: message, side)
  }

  /// A living message as its reader sees it.
  func entry(of message: Message, _ side: Inbox.Side) -> Entry<Message> {
    Entry(
      side: side, message: message, read: isRead(message.seq, side),
      seen: marks[side].seen.contains(message.seq), archived: marks[side].archived.contains(message.seq),
      part: 0)
  }
}
