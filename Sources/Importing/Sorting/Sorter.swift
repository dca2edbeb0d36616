import LibC

/// Sorts more records than fit in memory: by the bytes of their keys.
///
/// Records are collected; when the memory is full, they are sorted and written to a file as a run. In the end the runs are
/// merged. Used by one task at a time.
final class Sorter {
  private let memory: Int
  private let folder: String
  /// The records, each behind its two lengths.
  private var bytes: [UInt8] = []
  private var places: [Place] = []
  private var runs: [Range<Int>] = []
  private var file: SpillFile?

  /// A record in memory: where it begins, and the first bytes of its key behind those that all keys share.
  private struct Place {
    var start: Int
    var prefix: UInt64
  }

  /// A sorter that keeps about `memory` bytes and makes files in `folder`.
  init(memory: Int, folder: String) {
    self.memory = memory
    self.folder = folder
  }

  /// The number of bytes in front of a record.
  static let header = 8

  /// Adds a record.
  func add(key: [UInt8], value: [UInt8]) throws {
    let size = Self.header + key.count + value.count
    if !places.isEmpty, bytes.count + size + (places.count + 1) * MemoryLayout<Place>.size > memory {
      try spill()
    }
    // All of it at once: growing would copy, and need twice the room. What is not used costs nothing.
    if bytes.capacity == 0 { bytes.reserveCapacity(max(memory, size)) }
    places.append(Place(start: bytes.count, prefix: Self.prefix(key)))
    withUnsafeBytes(of: UInt32(key.count)) { bytes.append(contentsOf: $0) }
    withUnsafeBytes(of: UInt32(value.count)) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: key)
    bytes.append(contentsOf: value)
  }

  private static func prefix(_ key: [UInt8]) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<8 { value = value << 8 | (index < key.count ? UInt64(key[index]) : 0) }
    return value
  }

  private func sort() {
    bytes.withUnsafeBytes { bytes in
      // The places were made with the bytes, so each has its header, and its key lies within them.
      let base = bytes.baseAddress
      places.sort { a, b in
        if a.prefix != b.prefix { return a.prefix < b.prefix }
        guard let base else { return false }
        return RecordView(base + a.start).precedes(RecordView(base + b.start))
      }
    }
  }

  private func spill() throws {
    sort()
    let file = try file ?? SpillFile(in: folder)
    self.file = file
    let start = file.size
    var buffer: [UInt8] = []
    buffer.reserveCapacity(1 << 18)
    try bytes.withUnsafeBytes { bytes in
      for place in places {
        let record = RecordView(bytes.baseAddress! + place.start)
        buffer.append(contentsOf: UnsafeRawBufferPointer(start: record.address, count: record.size))
        if buffer.count >= 1 << 18 {
          _ = try buffer.withUnsafeBytes { try file.append($0) }
          buffer.removeAll(keepingCapacity: true)
        }
      }
    }
    _ = try buffer.withUnsafeBytes { try file.append($0) }
    runs.append(start..<file.size)
    bytes.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
  }

  /// Ends the adding, and returns the records in order. The sorter is empty then.
  func sorted() throws -> SortedRecords {
    if let file {
      try spill()
      bytes = []
      places = []
      let records = try SortedRecords(file, runs, memory: memory)
      (self.file, runs) = (nil, [])
      return records
    }
    sort()
    defer { (bytes, places) = ([], []) }
    return SortedRecords(bytes, places.map(\.start))
  }
}

/// A record at an address: two lengths, the key and the value.
struct RecordView {
  let address: UnsafeRawPointer

  init(_ address: UnsafeRawPointer) { self.address = address }

  // Records lie at any address.
  var keyCount: Int { Int(address.loadUnaligned(as: UInt32.self)) }
  var valueCount: Int { Int(address.loadUnaligned(fromByteOffset: 4, as: UInt32.self)) }
  var size: Int { Sorter.header + keyCount + valueCount }
  var key: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: address + Sorter.header, count: keyCount) }
  var value: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: address + Sorter.header + keyCount, count: valueCount)
  }

  func precedes(_ other: RecordView) -> Bool {
    let (mine, others) = (keyCount, other.keyCount)
    let order = memcmp(address + Sorter.header, other.address + Sorter.header, min(mine, others))
    return order == 0 ? mine < others : order < 0
  }
}
