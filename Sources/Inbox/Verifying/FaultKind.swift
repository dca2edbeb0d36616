/// The kinds of faults that a store can have. The raw value is the kind's name, which programs may rely on.
public enum FaultKind: String, CaseIterable, Sendable {
  // The database.
  case file
  case table
  case index
  case indexContent = "index_content"
  case stranger
  // Logs and their records.
  case logName = "log_name"
  case logID = "log_id"
  case head
  case headTime = "head_time"
  case headToken = "head_token"
  case record
  case recordRange = "record_range"
  case retractionOrder = "retraction_order"
  case retractionLost = "retraction_lost"
  case recordVersion = "record_version"
  case recordStray = "record_stray"
  // Messages.
  case hole
  case number
  case numberTwice = "number_twice"
  case orphan
  case time
  case timeOrder = "time_order"
  case token
  case type
  case text
  case identifier
  case length
  case data
  case retractedBody = "retracted_body"
  case key
  case keyTwice = "key_twice"
  case digest
  case digestLength = "digest_length"
  case digestStray = "digest_stray"
  case unknownField = "unknown_field"
  // Marks.
  case marks
  case marksName = "marks_name"
  case marksVersion = "marks_version"
  case marksStamp = "marks_stamp"
  case marksRange = "marks_range"
  case counts
  // Both.
  case newer
}

extension FaultKind {
  /// The fault, as the beginning of a sentence about all places that have it.
  public var sentence: String { words.what }

  /// What a repair does about it; nil if nothing can be done here.
  public var mending: String? { words.mending }

  private var words: (what: String, mending: String?) {
    switch self {
    case .file: ("the file is damaged", nil)
    case .table: ("a table or collection is missing or was changed by another program", nil)
    case .index:
      ("an index is missing or was changed by another program", "made anew")
    case .indexContent: ("an index does not fit its table", "made anew from the table")
    case .stranger: ("there are triggers or indexes that are none of Tidings'", "removed")
    case .logName:
      (
        "the names of logs can't be read",
        "the messages are now a team's, named \"\(LogName.lostAndFound)\" and a number"
      )
    case .logID: ("logs have numbers that no log gets", "the log got the next number")
    case .head: ("messages lie beyond the heads of their logs", "the head was corrected")
    case .headTime: ("logs end at another time than their last messages", "the last message's time was taken")
    case .headToken:
      ("logs end with another token than their last messages", "the last message's token was taken")
    case .record: ("the records of logs can't be read", "what can be read of it was kept")
    case .recordRange:
      ("records name messages that their logs don't have", "what the log does not have was taken out")
    case .retractionOrder:
      (
        "records disagree on which messages were retracted",
        "the list was made anew from the retracted numbers"
      )
    case .retractionLost: ("messages were retracted, and their records don't say so", "entered in the record")
    case .recordVersion: ("records have no possible version or tokens", "given new ones")
    case .recordStray: ("records belong to no log", "removed")
    case .hole:
      ("messages are missing from logs", "a retracted, empty message was put there, so that all numbers stay")
    case .number: ("messages have numbers that their logs can't have", "put at the end of the log")
    case .numberTwice: ("messages have the numbers of others", "put at the end of the log")
    case .orphan:
      ("messages belong to no log", "they are now a team's, named \"\(LogName.lostAndFound)\" and a number")
    case .time: ("messages have no possible times", "given the time of the message before it")
    case .timeOrder:
      ("messages are older than the one before them", "given the time of the message before it")
    case .token: ("messages have no tokens", "given a new one")
    case .type: ("messages have no types", "given the type \"\(MessageBody.unknownType.string)\"")
    case .text: ("messages have text that can't be read", "what can be read of it was kept")
    case .identifier: ("messages have identifiers of no possible length", "cut, or left out")
    case .length: ("messages are longer than any", "cut")
    case .data: ("the data of messages is no JSON object", "the data was removed, and the message kept")
    case .retractedBody: ("retracted messages still have their contents", "cleared")
    case .key: ("messages have keys of no possible length", "the key was removed, and the message kept")
    case .keyTwice: ("several messages have the same key", "the first one keeps it")
    case .digest: ("the digests of messages are those of others", "computed anew")
    case .digestLength: ("the digests of messages have no possible length", "computed anew")
    case .digestStray: ("messages without a key have a digest", "removed")
    case .unknownField: ("documents have fields that are none of Tidings'", "the field was removed")
    case .marks: ("marks can't be read", "what can be read of them was kept")
    case .marksName: ("marks belong to nobody", "removed")
    case .marksVersion: ("marks have no possible version", "given a new one")
    case .marksStamp: ("marks have no possible stamp", "given a new one")
    case .marksRange:
      ("marks are of messages that their logs don't have", "what the logs do not have was taken out")
    case .counts: ("counts differ from those of the messages one by one", nil)
    case .newer: ("marks or records were written by a newer version of Tidings", nil)
    }
  }

  /// Whether only another version of the program can help.
  public var isOfNewerVersion: Bool { self == .newer }
}
