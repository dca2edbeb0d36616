/// What a sender says. Kept as sent: text with NUL and any Unicode, `data` byte for byte.
public struct MessageBody: Hashable, Sendable {
  /// The sender; none for what the host itself sends.
  public var sender: Text?
  /// The sender's name for display.
  public var username: String?
  /// The team's name for display.
  public var teamName: String?
  /// Whom the message concerns; hides nothing from others.
  public var receiver: Text?
  /// What kind of message it is.
  public var type: Text
  /// The message's text.
  public var content: String?
  /// A JSON object as the client sent it.
  public var data: String?

  /// A body of `type`; everything else may be left out.
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

  /// How many bytes of text it has.
  public var size: Int {
    let names = [sender?.string, username, teamName, receiver?.string, type.string]
    let texts = [content, data]
    return (names + texts).reduce(0) { $0 + ($1?.utf8.count ?? 0) }
  }

  /// What stays of a retracted message.
  public var cleared: MessageBody { MessageBody(type: type, sender: sender) }

  /// Leaves what `cleared` has.
  public mutating func clear() { self = cleared }
}
