import Inbox
import Mongo

/// A log's name and a number in it, as the queries for numbers return them.
struct Place {
  var log: [UInt8]
  var seq: Int

  init(_ document: BSONDocument) throws(StoreError) {
    do {
      log = Array(try document.get("log").binary())
      seq = try document.get("seq").number()
    } catch {
      throw .damaged("a message's place can't be read: \(error)")
    }
  }

  static func user(_ document: BSONDocument) throws(StoreError) -> Text {
    do {
      return Text(try document.get("user_id").string())
    } catch {
      throw .damaged("a message's sender can't be read: \(error)")
    }
  }

  static func seq(_ document: BSONDocument) throws(StoreError) -> Int {
    do {
      return try document.get("seq").number()
    } catch {
      throw .damaged("a message's place can't be read: \(error)")
    }
  }
}

/// The results of `Query.inbox`.
struct Fetched {
  /// The results for one log.
  struct Log {
    var head = 0
    var record = LogRecord()
    var messages: [Int: Message] = [:]
  }

  var marks = Marks()
  var marksWriter: BSONObjectID?
  var logs: [LogName: Log] = [:]

  init(_ batch: MongoBatch, of inbox: Inbox) throws(StoreError) {
    let (shared, own) = (inbox.shared.encoded, inbox.own.encoded)
    var (sharedLog, ownLog) = (Log(), Log())
    for document in try View.documents(batch) {
      switch try Kind(document) {
      case .message:
        let isShared = try Place(document).log == shared
        let message = try MessageDocument(document).message
        if isShared { sharedLog.add(message) } else { ownLog.add(message) }
      case .record:
        let record = try RecordDocument(document, of: .logs)
        if record.name == shared { sharedLog.record = try LogRecord(record) }
        if record.name == own { ownLog.record = try LogRecord(record) }
      case .marks:
        let record = try RecordDocument(document, of: .marks)
        marks = try Marks(record)
        marksWriter = record.token
      case .head:
        throw .damaged("a reply holds what was not asked for")
      }
    }
    logs = [inbox.shared: sharedLog, inbox.own: ownLog]
  }

  /// The kind of a document in a mixed reply: the stages of `Query` give each kind its own fields.
  enum Kind {
    case message
    case record
    case marks
    case head

    init(_ document: BSONDocument) throws(StoreError) {
      do {
        var reader = BSONReader(document)
        while let element = try reader.next() {
          switch element.key {
          case "_id":
            if element.type == .objectID {
              self = .message
              return
            }
          case "seq":
            self = .head
            return
          case "record":
            self = .record
            return
          case "body":
            self = .marks
            return
          default: break
          }
        }
      } catch {
        throw .damaged("a reply can't be read: \(error)")
      }
      throw .damaged("a document is none that Tidings writes")
    }
  }
}

extension Fetched.Log {
  fileprivate mutating func add(_ message: Message) {
    head = max(head, message.seq)
    messages[message.seq] = message
  }
}

/// The results of the queries for many inboxes.
struct FetchedMany {
  var heads: [[UInt8]: Int] = [:]
  var records: [[UInt8]: LogRecord] = [:]
  var marks: [[UInt8]: RecordDocument] = [:]

  init(_ batches: [MongoBatch]) throws(StoreError) {
    for batch in batches {
      for document in try View.documents(batch) {
        switch try Fetched.Kind(document) {
        case .head:
          let head = try Head(document)
          heads[head.log] = head.seq
        case .record:
          let record = try RecordDocument(document, of: .logs)
          records[record.name] = try LogRecord(record)
        case .marks:
          let record = try RecordDocument(document, of: .marks)
          marks[record.name] = record
        case .message:
          throw .damaged("a reply holds what was not asked for")
        }
      }
    }
  }

  private struct Head {
    var log: [UInt8]
    var seq: Int

    init(_ document: BSONDocument) throws(StoreError) {
      do {
        log = Array(try document.get("_id").binary())
        seq = try document.get("seq").number()
      } catch {
        throw .damaged("the head of a log can't be read: \(error)")
      }
    }
  }
}

/// The last message of a log, as `Query.lastSlots` returns it.
struct LastSlot {
  var log: [UInt8]
  var seq: Int
  var time: Timestamp
  var token: BSONObjectID

  init(_ document: BSONDocument) throws(StoreError) {
    do {
      token = try document.get("token").objectID()
      log = Array(try document.get("_id").binary())
      seq = try document.get("seq").number()
      time = try document.get("time").time()
    } catch {
      throw .damaged("the last message of a log can't be read: \(error)")
    }
  }
}
