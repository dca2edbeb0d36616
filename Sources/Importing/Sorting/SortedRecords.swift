/// Records in the order of their keys, one after the other.
final class SortedRecords {
  private let source: Source
  /// The records from the first one on.
  private let restart: () throws -> SortedRecords

  /// The same records once more.
  func again() throws -> SortedRecords { try restart() }

  private enum Source {
    case memory(Records)
    case runs(Merge)
  }

  /// Records in memory, and the order of their beginnings.
  private final class Records {
    let bytes: [UInt8]
    let starts: [Int]
    var next = 0

    init(_ bytes: [UInt8], _ starts: [Int]) { (self.bytes, self.starts) = (bytes, starts) }
  }

  init(_ bytes: [UInt8], _ starts: [Int]) {
    source = .memory(Records(bytes, starts))
    restart = { SortedRecords(bytes, starts) }
  }

  init(_ file: SpillFile, _ runs: [Range<Int>], memory: Int) throws {
    source = .runs(try Merge(file, runs, memory: memory))
    restart = { try SortedRecords(file, runs, memory: memory) }
  }

  /// Calls `body` with the next record, which is valid during the call; returns nil at the end.
  func next<R>(_ body: (RecordView) throws -> R) throws -> R? {
    switch source {
    case .memory(let records):
      guard records.next < records.starts.count else { return nil }
      defer { records.next += 1 }
      return try records.bytes.withUnsafeBytes {
        try body(RecordView($0.baseAddress! + records.starts[records.next]))
      }
    case .runs(let merge): return try merge.next(body)
    }
  }
}

/// Merges the runs of a file: a heap of the runs by their first records.
private final class Merge {
  private var runs: [RunReader]
  /// The runs that are not at their end, as a heap.
  private var heap: [Int] = []

  init(_ file: SpillFile, _ ranges: [Range<Int>], memory: Int) throws {
    let size = min(max(memory / max(ranges.count, 1), 16 << 10), 256 << 10)
    runs = try ranges.map { try RunReader(file, $0, buffer: size) }
    for index in runs.indices where runs[index].record != nil {
      heap.append(index)
      rise(heap.count - 1)
    }
  }

  private func precedes(_ a: Int, _ b: Int) -> Bool {
    guard let left = runs[a].record, let right = runs[b].record else { return false }
    if left.precedes(right) { return true }
    // Equal records come in the order in which they were added.
    return a < b && !right.precedes(left)
  }

  private func rise(_ start: Int) {
    var place = start
    while place > 0, case let parent = (place - 1) / 2, precedes(heap[place], heap[parent]) {
      heap.swapAt(place, parent)
      place = parent
    }
  }

  private func sink() {
    var place = 0
    while case let left = 2 * place + 1, left < heap.count {
      let right = left + 1
      let least = right < heap.count && precedes(heap[right], heap[left]) ? right : left
      guard precedes(heap[least], heap[place]) else { return }
      heap.swapAt(place, least)
      place = least
    }
  }

  func next<R>(_ body: (RecordView) throws -> R) throws -> R? {
    guard let first = heap.first, let record = runs[first].record else { return nil }
    let result = try body(record)
    try runs[first].advance()
    if runs[first].record == nil {
      heap.swapAt(0, heap.count - 1)
      heap.removeLast()
    }
    sink()
    return result
  }
}

/// Reads one run of a file by the buffer.
private final class RunReader {
  private let file: SpillFile
  private var rest: Range<Int>
  // A buffer of its own, so that the address of a record stays true until the next one is read; freed with the reader.
  private var buffer: UnsafeMutableRawBufferPointer
  private var start = 0
  private var end = 0

  init(_ file: SpillFile, _ range: Range<Int>, buffer size: Int) throws {
    self.file = file
    rest = range
    buffer = .allocate(byteCount: size, alignment: 8)
    try fill()
  }

  deinit { buffer.deallocate() }

  /// The record at which the reader stands; nil at the end. It lies whole in the buffer.
  var record: RecordView? { start < end ? RecordView(UnsafeRawPointer(buffer.baseAddress! + start)) : nil }

  func advance() throws {
    if let record { start += record.size }
    try fill()
  }

  /// Reads on until a whole record lies in the buffer.
  private func fill() throws {
    while true {
      let held = end - start
      if held >= Sorter.header, RecordView(UnsafeRawPointer(buffer.baseAddress! + start)).size <= held {
        return
      }
      if rest.isEmpty { return }
      if start > 0 {
        buffer.baseAddress!.copyMemory(from: buffer.baseAddress! + start, byteCount: held)
        (start, end) = (0, held)
      }
      if end == buffer.count {
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: buffer.count * 2, alignment: 8)
        larger.copyMemory(from: UnsafeRawBufferPointer(buffer))
        buffer.deallocate()
        buffer = larger
      }
      let count = min(buffer.count - end, rest.count)
      try file.read(
        at: rest.lowerBound, into: UnsafeMutableRawBufferPointer(rebasing: buffer[end..<end + count]))
      rest = rest.lowerBound + count..<rest.upperBound
      end += count
    }
  }
}
