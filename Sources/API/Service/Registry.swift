import JSON
import JSONRPC

/// Every method of the contract, in the order in which it is documented.
enum Registry {
  static let methods: [any Method.Type] = [
    SendTeamMessage.self, SendAccountMessage.self, SendAnnouncement.self,
    GetTeamMessage.self, GetAccountMessage.self, GetMessage.self,
    MarkRead.self, MarkUnread.self, MarkSeen.self,
    ArchiveMessage.self, UnarchiveMessage.self, DeleteMessage.self,
    GetUnreadCount.self,
    JoinTeam.self, LeaveTeam.self, JoinAccount.self,
    RetractMessage.self, ImportMessages.self,
    GetChanges.self, Subscribe.self, Unsubscribe.self,
    Ping.self, GetStatus.self, Discover.self,
  ]
}
