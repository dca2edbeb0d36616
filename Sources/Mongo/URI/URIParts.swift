/// The parts of a connection string, before its options are checked.
struct URIParts {
  let isSRV: Bool
  let userInfo: Substring?
  private let hostList: Substring
  let hosts: [String]
  let database: String
  let options: [(name: String, value: String)]
  let secrets: [String]

  init(_ string: String) throws(MongoURIError) {
    var rest = Substring(string)
    if let tail = rest.dropPrefix("mongodb://") {
      (isSRV, rest) = (false, tail)
    } else if let tail = rest.dropPrefix("mongodb+srv://") {
      (isSRV, rest) = (true, tail)
    } else {
      throw Self.invalid("it must start with mongodb:// or mongodb+srv://")
    }
    guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw Self.invalid("blanks and characters outside ASCII must be percent-encoded")
    }
    let authorityEnd = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    let authority = rest[..<authorityEnd]
    let tail = rest[authorityEnd...]
    // An unencoded '@' belongs to an unencoded password, no part of which may be taken for a host.
    guard !tail.contains("@") else {
      throw Self.invalid("user and password must be percent-encoded, and '@' in options")
    }
    if let at = authority.lastIndex(of: "@") {
      userInfo = authority[..<at]
      hostList = authority[authority.index(after: at)...]
    } else {
      userInfo = nil
      hostList = authority
    }
    secrets = try Self.secrets(in: userInfo)
    hosts = try Self.hosts(in: hostList, isSRV: isSRV)
    let pieces = tail.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = pieces.first.map { $0.dropPrefix("/") ?? $0 } ?? ""
    // Somebody's options: without them the connection may be another than was meant.
    guard !path.contains(where: { "&;=".contains($0) }) else {
      throw Self.invalid(
        "options come behind '?', and these characters of a database's name percent-encoded: & ; =")
    }
    guard let name = path.percentDecoded, name.utf8.count < 64,
      !name.contains(where: { "/\\. \"$*<>:|?".contains($0) })
    else { throw Self.invalid("the database's name is not one") }
    database = name
    options = try Self.options(in: pieces.count > 1 ? pieces[1] : "")
  }

  /// The string put together again, with other options.
  func text(options: [(name: String, value: String)]) -> String {
    let user = userInfo.map { "\($0)@" } ?? ""
    let query = options.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    return "mongodb\(isSRV ? "+srv" : "")://\(user)\(hostList)/\(query.isEmpty ? "" : "?")\(query)"
  }

  static func invalid(_ reason: String) -> MongoURIError {
    MongoURIError("the MongoDB URI is not valid: \(reason)")
  }

  private static func secrets(in userInfo: Substring?) throws(MongoURIError) -> [String] {
    guard let userInfo else { return [] }
    let parts = userInfo.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count <= 2, !userInfo.contains("@"), let user = parts[0].percentDecoded, !user.isEmpty else {
      throw invalid("user and password must be percent-encoded")
    }
    guard parts.count == 2 else { return [] }
    guard let password = parts[1].percentDecoded else {
      throw invalid("user and password must be percent-encoded")
    }
    return [password, String(parts[1])]
  }

  private static func hosts(in list: Substring, isSRV: Bool) throws(MongoURIError) -> [String] {
    let hosts = list.split(separator: ",", omittingEmptySubsequences: false)
    guard hosts.allSatisfy({ !$0.isEmpty }), !hosts.isEmpty else { throw invalid("a host is missing") }
    for host in hosts {
      let end = host.hasPrefix("[") ? host.firstIndex(of: "]") : host.startIndex
      guard let end else { throw invalid("an IPv6 address lacks its ']'") }
      guard let colon = host[end...].firstIndex(of: ":") else { continue }
      guard let port = Int(host[host.index(after: colon)...]), (1...65535).contains(port),
        colon > host.startIndex
      else { throw invalid("a port is not a number from 1 to 65535, or a character is not percent-encoded") }
      guard !isSRV else { throw invalid("mongodb+srv:// takes no port") }
    }
    guard !isSRV || hosts.count == 1 else { throw invalid("mongodb+srv:// takes one host") }
    // The SRV records must name hosts in the host's own domain, so the host must be in a domain.
    guard !isSRV || hosts[0].split(separator: ".").count >= 3 else {
      throw invalid("mongodb+srv:// takes the name of a host in a domain, such as cluster.example.net")
    }
    return hosts.map(String.init)
  }

  private static func options(in query: Substring) throws(MongoURIError) -> [(name: String, value: String)] {
    var options: [(name: String, value: String)] = []
    for pair in query.split(whereSeparator: { $0 == "&" || $0 == ";" }) {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2, !sides[0].isEmpty else {
        throw invalid("an option is not of the form name=value")
      }
      options.append((String(sides[0]), String(sides[1])))
    }
    return options
  }
}

extension StringProtocol {
  fileprivate func dropPrefix(_ prefix: String) -> SubSequence? {
    starts(with: prefix) ? dropFirst(prefix.count) : nil
  }

  /// The text without its percent-encoding; nil if it is not well formed.
  var percentDecoded: String? {
    var bytes: [UInt8] = []
    var rest = utf8.makeIterator()
    while let byte = rest.next() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.next().flatMap(Self.digit), let low = rest.next().flatMap(Self.digit) else {
        return nil
      }
      bytes.append(high << 4 | low)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    Character(UnicodeScalar(byte)).hexDigitValue.map { UInt8($0) }
  }
}
