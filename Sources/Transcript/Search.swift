/// Whether `bytes` contains `sought`, in time proportional to both (Knuth, Morris and Pratt).
func contains(_ bytes: ArraySlice<UInt8>, _ sought: [UInt8]) -> Bool {
  guard !sought.isEmpty else { return true }
  // For each prefix of `sought`, the length of the longest shorter prefix with which it ends.
  var fallbacks = [Int](repeating: 0, count: sought.count)
  var matched = 0
  for at in sought.indices.dropFirst() {
    while matched > 0, sought[at] != sought[matched] { matched = fallbacks[matched - 1] }
    if sought[at] == sought[matched] { matched += 1 }
    fallbacks[at] = matched
  }
  matched = 0
  for byte in bytes {
    while matched > 0, byte != sought[matched] { matched = fallbacks[matched - 1] }
    if byte == sought[matched] { matched += 1 }
    if matched == sought.count { return true }
  }
  return false
}
