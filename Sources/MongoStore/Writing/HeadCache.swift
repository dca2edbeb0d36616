import Inbox
import Locks

/// The last numbers of logs to which this process appended, so that a run of appends needs no read first.
///
/// Only a guess about other processes: a number that is taken is refused by the index, and an entry goes with
/// the first error.
final class HeadCache: Sendable {
  // Held for a look or an entry.
  private let heads = Locked<[[UInt8]: AppendPlan.Head]>([:])
  private let capacity: Int

  init(capacity: Int = 65_536) {
    self.capacity = capacity
  }

  func head(of log: [UInt8]) -> AppendPlan.Head? { heads.withLock { $0[log] } }

  func remember(_ new: [[UInt8]: AppendPlan.Head]) {
    heads.withLock { heads in
      // Rarely full, and cheaply filled again.
      if heads.count + new.count > capacity { heads = [:] }
      if new.count <= capacity { heads.merge(new) { $1 } }
    }
  }

  func forget(_ logs: some Sequence<[UInt8]>) {
    heads.withLock { heads in
      for log in logs { heads[log] = nil }
    }
  }
}
