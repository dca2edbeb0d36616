import Inbox
import JSONRPC
import Testing

@testable import API

/// What hosts are told of a store's errors.
@Suite struct StoreErrorTests {
  @Test func whatANewerVersionWroteIsNotCalledDamaged() {
    let newer = RPCError(StoreError.unreadable("the marks of an inbox", NewerVersion()))
    #expect(newer.kind == .internal)
    #expect(newer.message.hasSuffix("written by a newer version of Tidings"))
    #expect(!newer.message.contains("damaged"))
    let damaged = RPCError(StoreError.damaged("a log lacks messages"))
    #expect(damaged.message == "the store is damaged, see `tidings doctor`: a log lacks messages")
  }

  @Test func whatHasGrownTooLargeIsNotWorthARetry() {
    for error in [StoreError.marksTooLarge, .recordTooLarge] {
      #expect(RPCError(error).kind == .limitReached && !RPCError(error).retryable)
    }
  }
}
