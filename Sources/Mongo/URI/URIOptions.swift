import LibC

/// The options of a connection string: those that are passed on, those that are forced and those that are
/// bounded.
struct URIOptions {
  /// The timeouts in milliseconds, as libmongoc takes them.
  struct Milliseconds: Sendable {
    var serverSelection: Int32 = 5_000
    var connect: Int32 = 3_000
    var socket: Int32 = 10_000
    var write: Int32 = 5_000
    var waitQueue: Int32 = 5_000
    var heartbeat: Int32 = 2_000

    var timeouts: MongoURI.Timeouts {
      MongoURI.Timeouts(
        serverSelection: .milliseconds(serverSelection), connect: .milliseconds(connect),
        socket: .milliseconds(socket), write: .milliseconds(write), waitQueue: .milliseconds(waitQueue),
        heartbeat: .milliseconds(heartbeat))
    }
  }

  private(set) var passedOn: [(name: String, value: String)] = []
  private(set) var overridden: [String] = []
  private(set) var names: Set<String> = []
  private(set) var secrets: [String] = []
  private(set) var milliseconds = Milliseconds()
  private(set) var threads = 16
  private(set) var appName: String?

  init(_ options: [(name: String, value: String)]) throws(MongoURIError) {
    for (name, value) in options {
      let key = name.lowercased()
      guard names.insert(key).inserted || Self.repeatable.contains(key) else {
        throw Self.refused(name, "is given twice")
      }
      if let forced = Self.forced[key] {
        if value.lowercased() != forced { overridden.append(name) }
      } else if let range = Self.timeouts[key] {
        try setTimeout(key, name, value, range)
      } else if key == "maxpoolsize" {
        threads = Int(try bounded(name, value, 1...256) ?? Int32(threads))
      } else if key == "appname" {
        guard let text = value.percentDecoded, text.utf8.count <= 128 else {
          throw URIParts.invalid("appName is longer than 128 bytes or badly encoded")
        }
        appName = text
      } else if Self.passed.contains(key) {
        try Self.check(key, name, value)
        passedOn.append((name, value))
        // The properties may contain a session's token.
        if key.hasSuffix("password") || key == "authmechanismproperties" {
          secrets += [value, value.percentDecoded].compactMap(\.self)
        }
      } else {
        throw Self.refused(name, "is not known")
      }
    }
    if !names.contains("waitqueuetimeoutms") { milliseconds.waitQueue = milliseconds.serverSelection }
    // The server's "not confirmed" must arrive before the client gives up the connection.
    if milliseconds.write >= milliseconds.socket { milliseconds.write = max(1, milliseconds.socket / 4 * 3) }
  }

  /// The error for a refused option. It names the option, unless the name may be part of something else.
  private static func refused(_ name: String, _ reason: String) -> MongoURIError {
    let isName = name.utf8.count <= 64 && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
    return URIParts.invalid("\(isName ? "the option \(name)" : "an option") \(reason)")
  }

  /// Throws for values that libmongoc can't use: it only warns of them, and goes on as if the option were not
  /// there.
  private static func check(_ key: String, _ name: String, _ value: String) throws(MongoURIError) {
    if flags.contains(key), !["true", "false"].contains(value.lowercased()) {
      throw refused(name, "is neither true nor false")
    }
    if numbers.contains(key), Int32(value) == nil { throw refused(name, "is not a number") }
  }

  /// The options in effect that let a server pose as another one.
  var insecure: [String] {
    passedOn.filter { Self.insecure.contains($0.name.lowercased()) && $0.value.lowercased() == "true" }
      .map(\.name)
  }

  private mutating func setTimeout(
    _ key: String, _ name: String, _ value: String, _ range: ClosedRange<Int32>
  ) throws(MongoURIError) {
    guard let number = try bounded(name, value, range) else { return }
    switch key {
    case "serverselectiontimeoutms": milliseconds.serverSelection = number
    case "connecttimeoutms": milliseconds.connect = number
    case "sockettimeoutms": milliseconds.socket = number
    case "wtimeoutms": milliseconds.write = number
    case "waitqueuetimeoutms": milliseconds.waitQueue = number
    default: milliseconds.heartbeat = number
    }
  }

  /// The number, limited to the range; nil for the default, if the number is 0 or less ("for ever").
  private mutating func bounded(
    _ name: String, _ value: String, _ range: ClosedRange<Int32>
  ) throws(MongoURIError) -> Int32? {
    guard let number = Int64(value) else { throw URIParts.invalid("the option \(name) is not a number") }
    guard number > 0 else {
      overridden.append(name)
      return nil
    }
    let result = Int32(min(max(number, Int64(range.lowerBound)), Int64(range.upperBound)))
    if Int64(result) != number { overridden.append(name) }
    return result
  }

  /// The option whose file is missing or can't be read: without the file no connection ever succeeds.
  var unreadableFile: String? {
    passedOn.first { name, value in
      Self.files.contains(name.lowercased()) && access(value.percentDecoded ?? value, R_OK) != 0
    }?.name
  }

  private static let files: Set<String> = [
    "tlscafile", "tlscertificatekeyfile", "sslcertificateauthorityfile", "sslclientcertificatekeyfile",
  ]

  private static let forced = [
    "w": "majority", "journal": "true", "readconcernlevel": "majority", "readpreference": "primary",
    "readpreferencetags": "", "maxstalenessseconds": "-1", "retrywrites": "true", "retryreads": "true",
    "safe": "true", "slaveok": "false", "minpoolsize": "0", "waitqueuemultiple": "",
    "serverselectiontryonce": "false",
  ]

  private static let timeouts: [String: ClosedRange<Int32>] = [
    "serverselectiontimeoutms": 1...120_000, "connecttimeoutms": 1...120_000, "sockettimeoutms": 1...600_000,
    "wtimeoutms": 1...600_000, "waitqueuetimeoutms": 1...120_000, "heartbeatfrequencyms": 500...60_000,
  ]

  private static let repeatable: Set<String> = ["readpreferencetags"]

  private static let insecure: Set<String> = [
    "sslallowinvalidcertificates", "sslallowinvalidhostnames", "tlsallowinvalidcertificates",
    "tlsallowinvalidhostnames", "tlsinsecure",
  ]

  private static let flags: Set<String> = insecure.union([
    "canonicalizehostname", "directconnection", "loadbalanced", "ssl", "tls",
    "tlsdisablecertificaterevocationcheck", "tlsdisableocspendpointcheck",
  ])

  private static let numbers: Set<String> = [
    "localthresholdms", "maxidletimems", "socketcheckintervalms", "srvmaxhosts", "zlibcompressionlevel",
  ]

  /// The further options that libmongoc's documentation lists.
  private static let passed: Set<String> = [
    "authmechanism", "authmechanismproperties", "authsource", "canonicalizehostname", "compressors",
    "directconnection", "gssapiservicename", "loadbalanced", "localthresholdms", "maxidletimems",
    "replicaset",
    "socketcheckintervalms", "srvservicename", "srvmaxhosts", "ssl", "sslallowinvalidcertificates",
    "sslallowinvalidhostnames", "sslcertificateauthorityfile", "sslclientcertificatekeyfile",
    "sslclientcertificatekeypassword", "tls", "tlsallowinvalidcertificates", "tlsallowinvalidhostnames",
    "tlscafile", "tlscertificatekeyfile", "tlscertificatekeyfilepassword",
    "tlsdisablecertificaterevocationcheck",
    "tlsdisableocspendpointcheck", "tlsinsecure", "zlibcompressionlevel",
  ]
}
