/// All statements of the store, in one place, so that the plans of all of them can be checked.
enum SQL: Int, CaseIterable {
  case begin
  case beginImmediate
  case commit
  case rollback
  case userVersion
  case schemaVersion

  case logByName
  case logByID
  case newestLog
  case logsOfLength
  case logsLonger
  case insertLog
  case updateHead
  case updateRecord

  case messages
  case entries
  case time
  case token
  case firstTime
  case bySender
  case byReceiver
  case byType
  case byKey
  case insertMessage
  case clearMessage

  case marks
  case inboxesOfLength
  case inboxesLonger
  case writeMarks

  case logAfter
  case logWithName
  case headOfLog
  case messageAfter
  case messageBefore
  case countMessages
  case numbersBefore
  case logsBefore
  case marksAfter
  case strangeMarks

  case mendHead
  case renameLog
  case removeLog
  case replaceMessage
  case moveMessage
  case collectMessage
  case adoptMessages
  case renumberLog
  case removeMarks
  case removeStrangeMarks

  var text: String {
    switch self {
    case .begin: "BEGIN DEFERRED"
    case .beginImmediate: "BEGIN IMMEDIATE"
    case .commit: "COMMIT"
    case .rollback: "ROLLBACK"
    case .userVersion: "PRAGMA user_version"
    case .schemaVersion: "PRAGMA schema_version"

    // What a reader knows is not read again.
    case .logByName:
      """
      SELECT id, head, time, token, stamp, CASE WHEN stamp = ?2 THEN NULL ELSE record END FROM log WHERE name = ?1
      """
    case .logByID:
      "SELECT id, head, time, token, stamp, CASE WHEN stamp = ?2 THEN NULL ELSE record END FROM log WHERE id = ?1"
    case .newestLog: "SELECT coalesce(max(id), 0) FROM log WHERE id <= 2147483647"
    case .logsOfLength:
      """
      SELECT name FROM log INDEXED BY log_order
      WHERE length(name) = ?1 AND name > ?2 ORDER BY name LIMIT ?3
      """
    case .logsLonger:
      "SELECT name FROM log INDEXED BY log_order WHERE length(name) > ?1 ORDER BY length(name), name LIMIT ?3"
    case .insertLog: "INSERT INTO log (id, name, head, time, token, stamp) VALUES (?1, ?2, ?3, ?4, ?5, 0)"
    case .updateHead: "UPDATE log SET head = ?2, time = ?3, token = ?4 WHERE id = ?1"
    case .updateRecord: "UPDATE log SET record = ?2, stamp = ?3 WHERE id = ?1"

    case .messages:
      """
      SELECT position, time, token, user_id, username, team_name, receiver_id, message_type, content, data
      FROM message WHERE position BETWEEN ?1 AND ?2 ORDER BY position
      """
    case .entries:
      """
      SELECT position, time, token, user_id, username, team_name, receiver_id, message_type, content, data,
        key, digest
      FROM message WHERE position BETWEEN ?1 AND ?2 ORDER BY position LIMIT ?3
      """
    case .time: "SELECT time FROM message WHERE position = ?1"
    case .token: "SELECT token FROM message WHERE position = ?1"
    case .firstTime:
      "SELECT time FROM message WHERE position BETWEEN ?1 AND ?2 ORDER BY position LIMIT 1"
    // The positions of one log are a range, so an index on the field alone finds field and log together.
    // INDEXED BY keeps the planner from reading that range, the whole log, instead.
    case .bySender:
      """
      SELECT position FROM message INDEXED BY message_sender
      WHERE user_id = ?1 AND position BETWEEN ?2 AND ?3 ORDER BY position
      """
    case .byReceiver:
      """
      SELECT position FROM message INDEXED BY message_receiver
      WHERE receiver_id = ?1 AND position BETWEEN ?2 AND ?3 ORDER BY position
      """
    case .byType:
      """
      SELECT position FROM message INDEXED BY message_type
      WHERE message_type = ?1 AND position BETWEEN ?2 AND ?3 ORDER BY position
      """
    case .byKey:
      """
      SELECT position, time, digest FROM message INDEXED BY message_key
      WHERE position >> 32 = ?1 AND key = ?2 AND coalesce(user_id, x'') = ?3
      """
    case .insertMessage:
      """
      INSERT INTO message (position, time, user_id, username, team_name, receiver_id, message_type,
        content, data, key, digest, token)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
      """
    // Reduces a message to `MessageBody.cleared`.
    case .clearMessage:
      """
      UPDATE message SET username = NULL, team_name = NULL, receiver_id = NULL, content = NULL, data = NULL
      WHERE position = ?1
      """

    case .marks:
      """
      SELECT version, stamp, CASE WHEN version = ?2 AND stamp = ?3 THEN NULL ELSE body END FROM marks
      WHERE inbox = ?1
      """
    case .inboxesOfLength:
      """
      SELECT inbox FROM marks INDEXED BY marks_order
      WHERE length(inbox) = ?1 AND inbox > ?2 ORDER BY inbox LIMIT ?3
      """
    case .inboxesLonger:
      """
      SELECT inbox FROM marks INDEXED BY marks_order
      WHERE length(inbox) > ?1 ORDER BY length(inbox), inbox LIMIT ?3
      """
    case .writeMarks:
      """
      INSERT INTO marks (inbox, version, body, stamp) VALUES (?1, ?2, ?3, ?4)
      ON CONFLICT (inbox) DO UPDATE SET version = excluded.version, body = excluded.body, stamp = excluded.stamp
      """

    // For who verifies everything: see `LogWalk`. Values of other kinds than bytes come before all bytes.
    case .logAfter: Self.storedLog + " WHERE id > ?1 ORDER BY id LIMIT 1"
    case .logWithName: Self.storedLog + " WHERE id = ?1"
    case .headOfLog: "SELECT head FROM log WHERE name = ?1"
    case .messageAfter: "SELECT position FROM message WHERE position > ?1 ORDER BY position LIMIT 1"
    case .messageBefore: "SELECT position FROM message WHERE position <= ?1 ORDER BY position DESC LIMIT 1"
    case .countMessages: "SELECT count(*) FROM message WHERE position BETWEEN ?1 AND ?2"
    case .numbersBefore:
      "SELECT position FROM message WHERE position BETWEEN ?1 AND ?2 ORDER BY position DESC"
    case .logsBefore: "SELECT id FROM log WHERE id <= ?1 ORDER BY id DESC"
    case .marksAfter: "SELECT version, body, stamp, inbox FROM marks WHERE inbox > ?1 ORDER BY inbox LIMIT ?2"
    case .strangeMarks: "SELECT count(*) FROM marks WHERE inbox < x''"
    case .mendHead:
      """
      UPDATE log SET head = ?2, time = ?3,
        token = coalesce((SELECT message.token FROM message WHERE position = ?1 << 32 | ?2), 0),
        stamp = CASE typeof(stamp) WHEN 'integer' THEN stamp ELSE ?4 END
      WHERE id = ?1
      """
    case .renameLog: "UPDATE log SET name = ?2 WHERE id = ?1"
    case .removeLog: "DELETE FROM log WHERE id = ?1"
    case .replaceMessage:
      """
      UPDATE message SET time = ?2, user_id = ?3, username = ?4, team_name = ?5, receiver_id = ?6, message_type = ?7,
        content = ?8, data = ?9, key = ?10, digest = ?11,
        token = CASE WHEN typeof(token) = 'integer' AND token <> 0 THEN token ELSE ?12 END
      WHERE position = ?1
      """
    case .moveMessage: "UPDATE message SET position = ?2 WHERE position = ?1"
    // Another log may have the key.
    case .collectMessage: "UPDATE message SET position = ?2, key = NULL, digest = NULL WHERE position = ?1"
    case .adoptMessages:
      "UPDATE message SET position = (position & 4294967295) + (?3 << 32) WHERE position BETWEEN ?1 AND ?2"
    case .renumberLog: "UPDATE log SET id = ?2 WHERE id = ?1"
    case .removeMarks: "DELETE FROM marks WHERE inbox = ?1"
    case .removeStrangeMarks: "DELETE FROM marks WHERE inbox < x''"
    }
  }

  /// The row of a log, and whether it agrees with the last message on its token.
  private static let storedLog =
    """
    SELECT id, head, time, record, name, typeof(stamp) = 'integer'
      AND token IS (SELECT message.token FROM message WHERE position = log.id << 32 | log.head), token FROM log
    """

  /// Whether SQLite plans how the statement finds some rows; the others control the connection.
  var hasPlan: Bool {
    switch self {
    case .begin, .beginImmediate, .commit, .rollback, .userVersion, .schemaVersion: false
    default: true
    }
  }
}
