import Inbox
import Mongo

// Keys.
extension AppendRun {
  func findHolders(_ keys: AppendPlan.Keys) throws(StoreError) -> [AppendPlan.KeyPlace: Holder] {
    var holders = try findHolders(keys.deep.map { ($0.key, $0.value) })
    for wide in keys.wide {
      for start in stride(from: 0, to: wide.logs.count, by: Self.logsTogether) {
        let some = Array(wide.logs[start..<min(start + Self.logsTogether, wide.logs.count)])
        try add(.holders(of: wide.key, in: some), to: &holders)
      }
    }
    return holders
  }

  private func findHolders(
    _ searches: [(search: AppendPlan.Keys.Deep, keys: [Text])]
  ) throws(StoreError) -> [AppendPlan.KeyPlace: Holder] {
    var holders: [AppendPlan.KeyPlace: Holder] = [:]
    if searches.count > 1, searches.allSatisfy({ $0.keys.count == 1 }) {
      // Many calls, each with its own key and log, share one command.
      for start in stride(from: 0, to: searches.count, by: 100) {
        let some = searches[start..<min(start + 100, searches.count)].map { search, keys in
          (log: search.log, key: SenderKey(sender: search.sender, key: keys[0]))
        }
        try add(.holders(some), to: &holders)
      }
      return holders
    }
    for (search, keys) in searches {
      try add(.holders(of: Array(Set(keys)), by: search.sender, in: search.log), to: &holders)
    }
    return holders
  }

  private func add(
    _ query: Query, to holders: inout [AppendPlan.KeyPlace: Holder]
  ) throws(StoreError) {
    for document in try documents(query) {
      let holder = try Holder(document)
      holders[AppendPlan.KeyPlace(log: holder.log, key: holder.key)] = holder
    }
  }
}
