import JSON

/// Messages that arrived before a step expected them, found by their addresses, however many there are.
struct EarlyMessages {
  /// The part that distinguishes messages: the id, or the method of a notification; for an array, those of
  /// its items.
  enum Address: Hashable {
    /// The address of a pattern that any message may match.
    case anything
    case message(String)
    case batch([String])

    init(of message: JSON) {
      self = message.kind == .array ? .batch(Self.marks(message.elements)) : .message(Self.mark(message))
    }

    /// Creates the address of the messages that may match a pattern.
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

  /// The largest number of messages of one address whose content is compared.
  private static let mostCompared = 100

  private var messages: [Int: JSON] = [:]
  private var numbers: [Address: [Int]] = [:]
  private var serial = 0
  /// The lowest number that a message may have: there are none below it.
  private var lowest = 0

  /// The messages in order of arrival.
  var all: [JSON] { messages.sorted { $0.key < $1.key }.map(\.value) }

  mutating func add(_ message: JSON) {
    messages[serial] = message
    numbers[Address(of: message), default: []].append(serial)
    serial += 1
  }

  /// The number of messages at an address.
  func count(at address: Address) -> Int {
    address == .anything ? messages.count : numbers[address]?.count ?? 0
  }

  /// The first messages at an address, in order of arrival.
  func candidates(at address: Address) -> [(number: Int, message: JSON)] {
    let found =
      address == .anything
      ? Array((lowest..<serial).lazy.filter { messages[$0] != nil }.prefix(Self.mostCompared))
      : numbers[address] ?? []
    return found.prefix(Self.mostCompared).compactMap { number in messages[number].map { (number, $0) } }
  }

  /// Removes a message.
  mutating func remove(_ number: Int) {
    guard let message = messages.removeValue(forKey: number) else { return }
    while lowest < serial, messages[lowest] == nil { lowest += 1 }
    let address = Address(of: message)
    if let place = numbers[address]?.firstIndex(of: number) { numbers[address]?.remove(at: place) }
    if numbers[address]?.isEmpty == true { numbers[address] = nil }
  }
}
