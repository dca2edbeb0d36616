import Inbox
import JSON

extension MessageJudge {
  /// The judge by the contract: the digest that `send_...` computes, and data as it accepts it.
  public static let contract = MessageJudge(
    digest: { $0.digest }, isData: { JSON.isObject($0, maximumDepth: 1000) })
}
