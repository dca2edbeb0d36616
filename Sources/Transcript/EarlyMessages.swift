import JSON

/// Messages that came and were not asked for yet, found by what tells them apart, whatever their number.
struct EarlyMessages {
  /// What tells a message from others: its id, or a notification's method; for an array those of its items.
  enum Address: Hashable {
    /// A pattern that any message matches.
    case anything
    case message(String)
    case batch([String])

    init(of message: JSON) {
      self = message.kind == .array ? .batch(Self.marks(message.elements)) : .message(Self.mark(message))
    }

    /// The address of the messages that may match a pattern.
    init(pattern: JSON) {
      switch pattern.kind {
      case .object, .array: self = Address(of: pattern)
      default: self = .anything
      }
    }

    init(batchOf patterns: [JSON]) { self = .batch(Self.marks(patterns)) }

    private static func marks(_ items: some Sequence<JSON>) -> [String] { items.map(mark).sorted() }

    private static func mark(_ message: JSON) -> String {
      // Items of a batch that are arrays themselves are answers to nothing.
      let mark = message["id"] ?? message["method"]
      return mark.map { String(decoding: $0.raw, as: UTF8.self) } ?? ""
    }
  }

  /// How many messages of one address are compared, to tell them apart by what they say.
  private static let mostCompared = 100

  private var messages: [Int: JSON] = [:]
  private var numbers: [Address: [Int]] = [:]
  private var serial = 0
  /// Before this number there is none.
  private var lowest = 0

  /// All of them, as they came.
  var all: [JSON] { messages.sorted { $0.key < $1.key }.map(\.value) }

  mutating func add(_ message: JSON) {
    messages[serial] = message
    numbers[Address(of: message), default: []].append(serial)
    serial += 1
  }

  /// How many there are at an address.
  func count(at address: Address) -> Int {
    address == .anything ? messages.count : numbers[address]?.count ?? 0
  }

  /// The first ones at an address, as they came.
  func candidates(at address: Address) -> [(number: Int, message: JSON)] {
    let found =
      address == .anything
      ? Array((lowest..<serial).lazy.filter { messages[$0] != nil }.prefix(Self.mostCompared))
      : numbers[address] ?? []
    return found.prefix(Self.mostCompared).compactMap { number in messages[number].map { (number, $0) } }
  }

  /// Takes one away.
  mutating func remove(_ number: Int) {
    guard let message = messages.removeValue(forKey: number) else { return }
    while lowest < serial, messages[lowest] == nil { lowest += 1 }
    let address = Address(of: message)
    if let place = numbers[address]?.firstIndex(of: number) { numbers[address]?.remove(at: place) }
    if numbers[address]?.isEmpty == true { numbers[address] = nil }
  }
}
