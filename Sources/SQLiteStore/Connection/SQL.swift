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

  case allLogs
  case allMessages
  case allMarks

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
    case .newestLog: "SELECT coalesce(max(id), 0) FROM log"
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

    // For the doctor, which reads everything.
    case .allLogs: "SELECT id, head, time, token, stamp, record, name FROM log"
    case .allMessages:
      """
      SELECT position, time, token, user_id, username, team_name, receiver_id, message_type, content, data,
        CASE WHEN json_valid(CAST(data AS TEXT)) THEN json_type(CAST(data AS TEXT)) = 'object' ELSE 0 END
      FROM message ORDER BY position
      """
    case .allMarks: "SELECT version, stamp, body, inbox FROM marks"
    }
  }

  /// Whether SQLite plans how the statement finds some rows; the others control the connection, or read
  /// everything.
  var hasPlan: Bool {
    switch self {
    case .begin, .beginImmediate, .commit, .rollback, .userVersion, .schemaVersion: false
    case .allLogs, .allMessages, .allMarks: false
    default: true
    }
  }
}
