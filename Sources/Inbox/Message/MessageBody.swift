/// The content of a message. Stored as sent: text with NUL and any Unicode, `data` byte for byte.
public struct MessageBody: Hashable, Sendable {
  /// The sender; nil for messages of the host itself.
  public var sender: Text?
  /// The sender's name for display.
  public var username: String?
  /// The team's name for display.
  public var teamName: String?
  /// The user whom the message concerns; the message is visible to others all the same.
  public var receiver: Text?
  /// The kind of the message.
  public var type: Text
  /// The message's text.
  public var content: String?
  /// A JSON object, as the client sent it.
  public var data: String?

  /// Creates a body of `type`; everything else may be left out.
  public init(
    type: Text, sender: Text? = nil, username: String? = nil, teamName: String? = nil,
    receiver: Text? = nil, content: String? = nil, data: String? = nil
  ) {
    self.sender = sender
    self.username = username
    self.teamName = teamName
    self.receiver = receiver
    self.type = type
    self.content = content
    self.data = data
  }

  /// The number of bytes of text in the body.
  public var size: Int {
    let names = [sender?.string, username, teamName, receiver?.string, type.string]
    let texts = [content, data]
    return (names + texts).reduce(0) { $0 + ($1?.utf8.count ?? 0) }
  }

  /// The part of the body that a retracted message keeps.
  public var cleared: MessageBody { MessageBody(type: type, sender: sender) }

  /// Reduces the body to `cleared`.
  public mutating func clear() { self = cleared }
}
