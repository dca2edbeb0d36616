/// Which times of a log are out of order.
enum TimeOrder {
  /// The indices of the times that are not in the longest run that never goes back; none of that is before `floor`. One
  /// time that is far ahead is one fault, and not the fault of all that come after it.
  static func outliers(_ times: [Timestamp?], notBefore floor: Timestamp) -> Set<Int> {
    var isOrdered = true
    var last = floor
    for time in times {
      guard let time, time >= last else {
        isOrdered = false
        break
      }
      last = time
    }
    if isOrdered { return [] }
    // The last index of the best run of each length, and for each index the one before it.
    var ends: [Int] = []
    var before = [Int?](repeating: nil, count: times.count)
    for (index, time) in times.enumerated() {
      guard let time, time >= floor else { continue }
      let length = place(of: time, in: ends, times)
      before[index] = length > 0 ? ends[length - 1] : nil
      if length == ends.count { ends.append(index) } else { ends[length] = index }
    }
    var outliers = Set(times.indices)
    var kept = ends.last
    while let index = kept {
      outliers.remove(index)
      kept = before[index]
    }
    return outliers
  }

  /// The number of runs whose last time is not after this one.
  private static func place(of time: Timestamp, in ends: [Int], _ times: [Timestamp?]) -> Int {
    var (low, high) = (0, ends.count)
    while low < high {
      let middle = low + (high - low) / 2
      if (times[ends[middle]] ?? .min) <= time { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
