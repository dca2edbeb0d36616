#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The options of a connection string: which are passed on, which are forced and which are bounded.
struct URIOptions {
  /// In milliseconds, as libmongoc takes them.
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
  private(set) var unknown: [String] = []
  private(set) var names: Set<String> = []
  private(set) var secrets: [String] = []
  private(set) var milliseconds = Milliseconds()
  private(set) var threads = 16
  private(set) var appName: String?

  init(_ options: [(name: String, value: String)]) throws(MongoURIError) {
    for (name, value) in options {
      let key = name.lowercased()
      names.insert(key)
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
        passedOn.append((name, value))
        if key.hasSuffix("password") { secrets += [value, value.percentDecoded].compactMap(\.self) }
      } else {
        unknown.append(name)
      }
    }
    if !names.contains("waitqueuetimeoutms") { milliseconds.waitQueue = milliseconds.serverSelection }
    // The server's "not confirmed" must come before the client gives up the connection.
    if milliseconds.write >= milliseconds.socket { milliseconds.write = max(1, milliseconds.socket / 4 * 3) }
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

  /// The number, brought into the range; nil for the default, where 0 or less means "for ever".
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

  /// The option whose file is missing or may not be read: without it no connection ever succeeds.
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
