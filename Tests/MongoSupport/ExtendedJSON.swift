import CMongoC
import Mongo

/// MongoDB's Extended JSON as libbson reads and writes it: an independent check of the bytes.
public enum ExtendedJSON {
  /// The error for a document or text that libbson refuses.
  public struct Failure: Error, CustomStringConvertible {
    /// The reason.
    public let description: String
  }

  /// The canonical form of a document.
  public static func text(of document: BSONDocument) throws -> String {
    MongoRuntime.start()
    let bytes = Array(document.bytes)
    guard let copy = bson_new_from_data(bytes, bytes.count) else {
      throw Failure(description: "libbson takes no document of these bytes")
    }
    defer { bson_destroy(copy) }
    var length = 0
    guard let text = bson_as_canonical_extended_json(copy, &length) else {
      throw Failure(description: "libbson can't read these bytes")
    }
    defer { bson_free(text) }
    return String(decoding: UnsafeRawBufferPointer(start: text, count: length), as: UTF8.self)
  }

  /// The document that a text describes.
  public static func document(_ text: String) throws -> BSONDocument {
    MongoRuntime.start()
    var error = bson_error_t()
    guard let made = bson_new_from_json(text, text.utf8.count, &error) else {
      throw Failure(
        description: withUnsafeBytes(of: error.message) {
          String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        })
    }
    defer { bson_destroy(made) }
    var length: UInt32 = 0
    guard let bytes = bson_destroy_with_steal(bson_copy(made), true, &length) else {
      throw Failure(description: "libbson gives no bytes")
    }
    defer { bson_free(bytes) }
    return try BSONDocument(Array(UnsafeBufferPointer(start: bytes, count: Int(length))))
  }
}
