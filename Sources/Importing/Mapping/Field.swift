/// A field of a message, its place or its marks that a source can fill.
public enum Field: String, Hashable, Sendable, CaseIterable {
  /// The document's own id: it orders messages of the same time, and names the document where it has a fault.
  case id
  case team = "team_id"
  case reader = "reader_id"
  case time = "create_time"
  case type = "message_type"
  case sender = "user_id"
  case username
  case teamName = "team_name"
  case receiver = "receiver_id"
  case content
  case data
  case read
  case seen
  case archived
  case deleted
}
