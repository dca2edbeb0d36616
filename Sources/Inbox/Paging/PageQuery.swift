/// A query for one page of an inbox.
public struct PageQuery: Sendable {
  /// The inbox.
  public var inbox: Inbox
  /// The view: which messages are listed.
  public var view: View
  /// The order of the messages.
  public var order: Order
  /// The filter.
  public var filter: Filter
  /// The largest number of messages on the page.
  public var size: Int
  /// The start of the page.
  public var start: Start

  /// The ways to say where a page begins.
  public enum Start: Sendable {
    /// The page begins at the beginning of the listing.
    case beginning
    /// The page begins after `number - 1` pages of the same size; pages count from 1.
    case page(number: Int)
    /// The page begins where an earlier page of the same listing ended.
    case cursor(Cursor)
  }

  /// Creates a query; by default for the 12 newest messages.
  public init(
    inbox: Inbox, view: View = .inbox, order: Order = .newest, filter: Filter = Filter(), size: Int = 12,
    start: Start = .beginning
  ) {
    self.inbox = inbox
    self.view = view
    self.order = order
    self.filter = filter
    self.size = size
    self.start = start
  }

  /// Whether the cursor was made by a query with the same inbox, view, order and filter.
  public func made(_ cursor: Cursor) -> Bool { cursor.listing == listing }

  /// A fingerprint of the inbox, view, order and filter.
  var listing: UInt64 {
    // The longest names have 264 bytes together; a filter may make it grow.
    var writer = ByteWriter(reservingCapacity: inbox.own.encoded.count + 64)
    writer.writeBytes(inbox.own.encoded)
    writer.writeBytes(view.rawValue.utf8)
    writer.writeBytes(order.rawValue.utf8)
    writer.writeByte(filter.concerning == nil ? 0 : 1)
    if let user = filter.concerning { writer.writeBytes(user.string.utf8) }
    guard !filter.types.isEmpty else { return writer.bytes.fingerprint }
    for type in Set(filter.types).sorted() { writer.writeBytes(type.string.utf8) }
    return writer.bytes.fingerprint
  }
}

extension PageQuery {
  /// The messages of a log with these numbers, ascending, in the form that a page is to have.
  public typealias Source<Item: Listed> = (_ log: LogName, _ numbers: SequenceSet) throws -> [Item]

  /// Reads the page. Every number in it is computed from one view of the store.
  public func page(_ reader: any StoreReader) throws -> Page<Message> {
    try page(reader) { try reader.messages(in: $0, $1) }
  }

  /// Reads the page, with the messages of `source`, which must be those that `reader` would return.
  @specialized(where Item == WrittenMessage)
  public func page<Item: Listed>(_ reader: any StoreReader, from source: Source<Item>) throws -> Page<Item> {
    let state = try reader.state(of: inbox)
    let listing = try Listing(self, state, reader)
    var page = Page<Item>(listing: listing)
    guard var place = try beginning(of: listing, reader) else { return page }
    page.start = place
    while page.entries.count < size, place.part < listing.parts.count {
      let entries = try listing.take(size - page.entries.count, at: place, from: source)
      // Most pages lie in one part: its entries are then not copied.
      if page.entries.isEmpty { page.entries = entries } else { page.entries += entries }
      place = listing.place(part: place.part + 1)
    }
    return page
  }

  /// The place where the page begins; nil past the end of the listing.
  private func beginning(of listing: Listing, _ reader: any StoreReader) throws -> Listing.Place? {
    switch start {
    case .beginning:
      return listing.place(part: 0)
    case .cursor(let cursor):
      return listing.place(cursor)
    case .page(let number):
      let (offset, overflow) = (number - 1).multipliedReportingOverflow(by: size)
      guard !overflow, offset < listing.total else { return nil }
      return try listing.place(offset: offset, reader)
    }
  }
}
