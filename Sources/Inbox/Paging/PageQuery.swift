/// Asks for one page of an inbox.
public struct PageQuery: Sendable {
  /// Whose messages.
  public var inbox: Inbox
  /// Which of them.
  public var view: View
  /// In which order.
  public var order: Order
  /// Narrowed to what.
  public var filter: Filter
  /// How many at most.
  public var size: Int
  /// Where the page begins.
  public var start: Start

  /// Where a page begins.
  public enum Start: Sendable {
    /// At the beginning.
    case beginning
    /// After `number - 1` pages of the same size; pages count from 1.
    case page(number: Int)
    /// Where an earlier page of the same listing ended.
    case cursor(Cursor)
  }

  /// A query; by default the 12 newest messages.
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

  /// True if the cursor was made by a query with the same inbox, view, order and filter.
  public func made(_ cursor: Cursor) -> Bool { cursor.listing == listing }

  /// Stands for what a cursor belongs to.
  var listing: UInt64 {
    var writer = ByteWriter()
    writer.writeBytes(inbox.own.encoded)
    writer.writeBytes(view.rawValue.utf8)
    writer.writeBytes(order.rawValue.utf8)
    writer.writeByte(filter.concerning == nil ? 0 : 1)
    if let user = filter.concerning { writer.writeBytes(user.string.utf8) }
    for type in Set(filter.types).sorted() { writer.writeBytes(type.string.utf8) }
    return fingerprint(writer.bytes)
  }
}

extension PageQuery {
  /// Reads the page. Every number in it is a function of one view of the store.
  public func page(_ reader: any StoreReader) throws -> Page {
    let state = try reader.state(of: inbox)
    let listing = try Listing(self, state, reader)
    var page = Page(
      query: self, state: state, total: listing.total, count: listing.count, listing: listing)
    guard var place = try beginning(of: listing, reader) else { return page }
    page.start = place
    while page.entries.count < size, place.part < listing.parts.count {
      let entries = try listing.take(size - page.entries.count, at: place, reader)
      // Most pages are of one part: its entries are not copied.
      if page.entries.isEmpty { page.entries = entries } else { page.entries += entries }
      place = listing.place(part: place.part + 1)
    }
    return page
  }

  /// Where the page begins; nil past the end of the listing.
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
