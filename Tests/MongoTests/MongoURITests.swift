import Mongo
import Testing

@Suite("Connection strings")
struct MongoURITests {
  @Test(
    "takes good ones",
    arguments: [
      ("mongodb://localhost", "tidings", ["localhost"]),
      ("mongodb://localhost/", "tidings", ["localhost"]),
      ("mongodb://localhost:27018/inbox", "inbox", ["localhost:27018"]),
      ("mongodb://a,b:1,c:65535/x?replicaSet=rs", "x", ["a", "b:1", "c:65535"]),
      ("mongodb://u:p@h/x?authSource=admin", "x", ["h"]),
      ("mongodb://u:p%40%2F%3F@h?tls=true", "tidings", ["h"]),
      ("mongodb://[::1]:27017/x", "x", ["[::1]:27017"]),
      ("mongodb://%2Ftmp%2Fm.sock/x", "x", ["%2Ftmp%2Fm.sock"]),
      ("mongodb+srv://u:p@cluster.example.net/x", "x", ["cluster.example.net"]),
    ])
  func good(text: String, database: String, hosts: [String]) throws {
    let uri = try MongoURI(text)
    #expect(uri.database == database)
    #expect(uri.hosts == hosts)
    #expect(uri.overriddenOptions == [])
  }

  @Test(
    "refuses bad ones without quoting them",
    arguments: [
      "", "localhost", "postgres://s3cret@h", "mongodb://", "mongodb://u:s3cret@", "mongodb://u:s3cret@h,,i",
      "mongodb://u:s3cret@h:0", "mongodb://u:s3cret@h:65536", "mongodb://u:s3cret@h:x",
      "mongodb://u:s3cr et@h",
      "mongodb://u:s3cret@more@h", "mongodb://u:s3cret/more@h", "mongodb://u:s3cret?more=1@h",
      "mongodb://u:1234?s3cret=x@h/db", "mongodb://u:s3cret:more@h", "mongodb://:s3cret@h",
      "mongodb://u:s3cret%4@h", "mongodb://u:s3cret%@h", "mongodb://u:s3cret@h/a.b",
      "mongodb://u:s3cret@h/x?s3cretopt", "mongodb://u:s3cret@h/x?=s3cret",
      "mongodb://u:s3cret@h/x?maxPoolSize=s3cret", "mongodb://u:s3cret@[::1/x",
      "mongodb+srv://u:s3cret@a,b/x", "mongodb+srv://u:s3cret@a:1/x",
      "mongodb://u:s3cret@h/x?replicaSet=rs&directConnection=s3cret",
      "mongodb://u:s3cret@h/x?s3cret%20=1",
    ])
  func bad(text: String) throws {
    let error = try #require(throws: MongoURIError.self) { try MongoURI(text) }
    #expect(!"\(error) \(String(reflecting: error))".contains("s3cr"))
  }

  @Test(
    "can't be weakened",
    arguments: [
      "w=0", "w=1", "journal=false", "readConcernLevel=local", "readPreference=secondary",
      "readPreferenceTags=dc:ny", "maxStalenessSeconds=120", "retryWrites=false", "retryReads=false",
      "slaveOk=true", "minPoolSize=5", "serverSelectionTryOnce=true", "safe=false", "W=0&JOURNAL=false",
      "serverSelectionTimeoutMS=0", "socketTimeoutMS=0", "connectTimeoutMS=-1", "wtimeoutMS=0",
      "waitQueueTimeoutMS=0", "maxPoolSize=0", "maxPoolSize=100000", "heartbeatFrequencyMS=1",
    ])
  func forced(option: String) throws {
    let uri = try MongoURI("mongodb://h/x?\(option)")
    let names = option.split(separator: "&").compactMap { $0.split(separator: "=").first.map(String.init) }
    #expect(uri.overriddenOptions == names)
    #expect(uri.timeouts.socket > .zero && uri.timeouts.serverSelection > .zero)
    #expect(uri.timeouts.write > .zero && uri.timeouts.write < uri.timeouts.socket)
  }

  @Test("takes options that agree with what is forced without a word")
  func agreed() throws {
    let uri = try MongoURI("mongodb://h/x?w=majority&journal=true&retryWrites=true&readPreference=primary")
    #expect(uri.overriddenOptions == [])
  }

  @Test("keeps timeouts and the number of threads from the string")
  func bounds() throws {
    let uri = try MongoURI(
      "mongodb://h/?serverSelectionTimeoutMS=700&socketTimeoutMS=800&wtimeoutMS=900&maxPoolSize=3")
    #expect(uri.timeouts.serverSelection == .milliseconds(700))
    #expect(uri.timeouts.waitQueue == .milliseconds(700))
    #expect(uri.timeouts.socket == .milliseconds(800))
    #expect(uri.timeouts.write == .milliseconds(600))
    #expect(uri.threads == 3)
  }

  @Test(
    "refuses options that it does not know, or can't understand, by name",
    arguments: [
      ("tlss=true", "tlss"), ("TLSS=true", "TLSS"), ("tls=ture", "tls"), ("tls=yes", "tls"), ("ssl=1", "ssl"),
      ("tls=true&TLS=false", "TLS"), ("what=1", "what"), ("timeoutMS=5", "timeoutMS"),
      ("tlsInsecure=maybe", "tlsInsecure"), ("directConnection=s3cret", "directConnection"),
      ("localThresholdMS=soon", "localThresholdMS"), ("zlibCompressionLevel=s3cret", "zlibCompressionLevel"),
      ("authSource=a&authSource=b", "authSource"),
    ])
  func unknown(options: String, name: String) throws {
    let error = try #require(throws: MongoURIError.self) { try MongoURI("mongodb://u:s3cret@h/x?\(options)") }
    #expect(error.message.contains("option \(name) "))
    #expect(!error.message.contains("s3cret"))
  }

  @Test(
    "takes every option of libmongoc's documentation in any case",
    arguments: [
      "TLS=TRUE", "ssl=false", "tlsInsecure=true&tls=true", "authMechanism=SCRAM-SHA-256", "authSource=admin",
      "compressors=zlib", "zlibCompressionLevel=3", "localThresholdMS=15", "maxIdleTimeMS=1000",
      "socketCheckIntervalMS=5", "canonicalizeHostname=false", "replicaSet=rs", "loadBalanced=false",
      "readPreferenceTags=a:b&readPreferenceTags=c:d",
    ])
  func known(options: String) throws {
    _ = try MongoURI("mongodb://u:p@h/x?\(options)")
  }

  @Test(
    "warns of credentials in plain text and of servers that nobody checks",
    arguments: [
      ("mongodb://u:p@h/x", 1), ("mongodb://h/x", 0), ("mongodb://u:p@localhost/x", 0),
      ("mongodb://u:p@127.0.0.1:1,127.3.4.5/x", 0), ("mongodb://u:p@[::1]:27017/x", 0),
      ("mongodb://u:p@%2Ftmp%2Fm.sock/x", 0), ("mongodb://u:p@localhost,h/x", 1),
      ("mongodb://u:p@127.example.net/x", 1), ("mongodb://u:p@127.0.0.1.example.net/x", 1),
      ("mongodb://u:p@localhost.example.net/x", 1), ("mongodb://u:p@h/x?tls=true", 0),
      ("mongodb://u:p@h/x?tls=false", 1), ("mongodb://u:p@h/x?ssl=true", 0),
      ("mongodb+srv://u:p@cluster.example.net/x", 0),
      ("mongodb+srv://u:p@cluster.example.net/x?tls=false", 1),
      ("mongodb://h/x?tls=true&tlsInsecure=true", 1), ("mongodb://h/x?tls=true&tlsInsecure=false", 0),
      ("mongodb://h/x?tls=true&tlsAllowInvalidCertificates=true&tlsAllowInvalidHostnames=true", 2),
      ("mongodb://u:p@h/x?tlsInsecure=true&tls=false", 2),
    ])
  func warnings(text: String, count: Int) throws {
    let warnings = try MongoURI(text).warnings
    #expect(warnings.count == count, "\(warnings)")
  }

  @Test(
    "takes logins out of texts",
    arguments: [
      ("sqlite:mongodb://u:s3cret@h/x is no path", "sqlite:mongodb://***@h/x is no path"),
      ("mongodb://s3cret@h", "mongodb://***@h"), ("mongodb://h/x", "mongodb://h/x"),
      ("'mongodb://u:s3@cr/e?t@h'", "'mongodb://***@h'"),
      ("mongodb://u:s3 cret@h/x and more", "mongodb://***@h/x and more"),
      ("a://u:s3cret@b c://d e://f:s3cret@g", "a://***@b c://d e://***@g"), ("", ""), ("://", "://"),
      ("x://@", "x://***@"), ("mongodb:/u:s3cret@h/d", "mongodb:/***@h/d"), ("mongodb:u:s3@h", "***@h"),
      ("mongodb//u:s3cret@h", "mongodb//***@h"), ("u:s3cret@h", "***@h"), ("'u:s3 cret@h'", "'***@h'"),
      ("sqlite:mongodb:/u:s3cret@h", "***@h"), ("mongodb:\\\\u:s3@h", "mongodb:\\\\***@h"),
      ("a://u:s3cret@h:1@x", "a://***@x"), ("a: b@c", "a: b@c"), ("x://u:p@h:1/d", "x://***@h:1/d"),
      ("Error: 'mongodb://u:s3 cret@h'", "Error: 'mongodb://***@h'"), ("@a:b@", "***@"), ("/a:b", "/a:b"),
      ("mongodb://h:1\nmail a@b", "mongodb://h:1\nmail a@b"),
    ])
  func redaction(text: String, result: String) {
    #expect(MongoURI.withoutLogins(text) == result)
  }

  @Test(
    "refuses files that can't be read, by the option's name",
    arguments: ["tlsCAFile", "tlsCertificateKeyFile"])
  func files(option: String) throws {
    let error = try #require(throws: MongoURIError.self) {
      try MongoURI("mongodb://h/?tls=true&\(option)=/no%20such/file.pem")
    }
    #expect(error.message.contains(option) && !error.message.contains("such"))
    _ = try MongoURI("mongodb://h/?tls=true&\(option)=/dev/null")
  }

  @Test("shows no credentials")
  func description() throws {
    let uri = try MongoURI("mongodb://someone:s3cret@h:1,i/x?tlsCertificateKeyFilePassword=s3cret2&tls=true")
    var dumped = ""
    dump(uri, to: &dumped)
    for text in ["\(uri)", String(reflecting: uri), dumped] {
      #expect(!text.contains("s3cret"))
      #expect(!text.contains("someone"))
    }
    #expect("\(uri)" == "mongodb://h:1,i/x")
  }
}
