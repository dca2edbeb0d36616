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
    #expect(uri.unknownOptions == [])
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
      "mongodb://h/?serverSelectionTimeoutMS=700&socketTimeoutMS=800&wtimeoutMS=900&maxPoolSize=3&what=1")
    #expect(uri.timeouts.serverSelection == .milliseconds(700))
    #expect(uri.timeouts.waitQueue == .milliseconds(700))
    #expect(uri.timeouts.socket == .milliseconds(800))
    #expect(uri.timeouts.write == .milliseconds(600))
    #expect(uri.threads == 3)
    #expect(uri.unknownOptions == ["what"])
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
