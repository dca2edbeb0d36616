import CMongoC
import Foundation
import Mongo

/// One command over one connection to one server, whatever the server's state: ``MongoClientPool`` refuses to
/// do that.
enum DirectCommand {
  static func run(
    port: UInt16, user: String, database: String, _ command: BSONDocument
  ) throws -> BSONDocument {
    MongoRuntime.start()
    let login = user.isEmpty ? "" : "\(user)@"
    let text =
      "mongodb://\(login)127.0.0.1:\(port)/admin?directConnection=true"
      + "&serverSelectionTimeoutMS=240000&socketTimeoutMS=240000"
    // A client from a pool: its monitoring looks for a starting server twice a second, that of a single
    // client every 5 s.
    let uri = mongoc_uri_new(text)
    defer { mongoc_uri_destroy(uri) }
    guard let pool = mongoc_client_pool_new(uri), let client = mongoc_client_pool_pop(pool) else {
      throw TestMongod.Failure(description: "no client for port \(port)")
    }
    defer {
      mongoc_client_pool_push(pool, client)
      mongoc_client_pool_destroy(pool)
    }
    let bytes = Array(command.bytes)
    guard let document = bson_new_from_data(bytes, bytes.count) else {
      throw TestMongod.Failure(description: "not a document")
    }
    defer { bson_destroy(document) }
    // The size and alignment that libbson uses; libmongoc initialises the memory.
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 128, alignment: 128)
    let reply = OpaquePointer(memory)
    var error = bson_error_t()
    let isDone = mongoc_client_command_simple(client, database, document, nil, reply, &error)
    defer {
      bson_destroy(reply)
      memory.deallocate()
    }
    guard isDone else {
      let message = withUnsafeBytes(of: error.message) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      throw TestMongod.Failure(description: "command failed (\(error.code)): \(message)")
    }
    let count = Int(bytes4(bson_get_data(reply)))
    return try BSONDocument(Array(UnsafeBufferPointer(start: bson_get_data(reply), count: count)))
  }

  /// The document's length is its first field.
  private static func bytes4(_ start: UnsafePointer<UInt8>) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(start[$1]) << (8 * UInt32($1)) }
  }
}
