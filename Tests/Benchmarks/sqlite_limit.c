// The limit: the reads of one page, or groups of appends, as a plain loop in C on one thread of SQLite.
//
//   sqlite_limit reads   FILE [SECONDS]           makes FILE if it is not there
//   sqlite_limit appends FILE [SECONDS] [GROUP]   to FILE, which is not there yet
//
// A page is one read transaction: the twelve newest messages of a log by a range of its primary
// key, and the reader's marks. No protocol, no JSON, no merging of two logs, no counting. The file
// has the shape of the data set that pipe_driver sends: 200,000 messages, half of them in one log.
//
// A group is one durable transaction of so many messages, each to any of the thousand logs: the row with the
// program's columns and indexes, and the head of its log. Nothing waits for anything, so it is the most that
// group commits of this size can do.

#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SMALL_LOGS = 1000, SMALL_MESSAGES = 100, LARGE_MESSAGES = 100000, READERS = 1000, PAGE_SIZE = 12 };

static sqlite3 *database;

static void check(int status) {
  if (status == SQLITE_OK || status == SQLITE_ROW || status == SQLITE_DONE) return;
  fprintf(stderr, "sqlite_limit: %s\n", sqlite3_errmsg(database));
  exit(1);
}

static void run(const char *sql) { check(sqlite3_exec(database, sql, NULL, NULL, NULL)); }

static sqlite3_stmt *prepare(const char *sql) {
  sqlite3_stmt *statement;
  check(sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL));
  return statement;
}

static double seconds_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int64_t position(int64_t log, int64_t seq) { return log << 32 | seq; }

static void append(sqlite3_stmt *insert, int64_t log, int64_t seq, int64_t number) {
  char user[32], username[32], team[32], content[200], data[32];
  snprintf(user, sizeof user, "author-%d", (int)(number % 50));
  snprintf(username, sizeof username, "Author %d", (int)(number % 50));
  snprintf(team, sizeof team, "Team %d", (int)log);
  snprintf(content, sizeof content,
           "Message %d: the beds at the south wall want water before noon, and the door is stuck again.",
           (int)number);
  snprintf(data, sizeof data, "{\"task\":%d}", (int)number);
  const char *texts[] = {user, username, team, "task", content, data};
  sqlite3_bind_int64(insert, 1, position(log, seq));
  sqlite3_bind_int64(insert, 2, 1700000000000 + number);
  for (int i = 0; i < 6; i++)
    sqlite3_bind_blob(insert, i + 3, texts[i], (int)strlen(texts[i]), SQLITE_TRANSIENT);
  check(sqlite3_step(insert));
  sqlite3_reset(insert);
}

static void make(void) {
  run("BEGIN");
  run("CREATE TABLE message(position INTEGER PRIMARY KEY /* log << 32 | seq */, time INTEGER, user_id BLOB,"
      " username BLOB, team_name BLOB, message_type BLOB, content BLOB, data BLOB)");
  run("CREATE TABLE marks(log INTEGER, reader INTEGER, version INTEGER, read BLOB,"
      " PRIMARY KEY(log, reader)) WITHOUT ROWID");
  sqlite3_stmt *insert = prepare("INSERT INTO message VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
  // Log 0 is the large one; the messages arrive in turns, as they do through the program.
  for (int64_t i = 0; i < LARGE_MESSAGES; i++) {
    append(insert, 0, i + 1, i * 2);
    append(insert, 1 + i % SMALL_LOGS, i / SMALL_LOGS + 1, i * 2 + 1);
  }
  sqlite3_finalize(insert);
  insert = prepare("INSERT INTO marks VALUES(?, ?, 1, x'01d08603')");
  for (int i = 0; i < READERS; i++)
    for (int large = 0; large < 2; large++) {
      sqlite3_bind_int(insert, 1, large ? 0 : 1 + i);
      sqlite3_bind_int(insert, 2, i);
      check(sqlite3_step(insert));
      sqlite3_reset(insert);
    }
  sqlite3_finalize(insert);
  run("COMMIT");
  run("PRAGMA wal_checkpoint(TRUNCATE)");  // so that the first run reads what later ones do
}

static uint32_t random_below(uint32_t limit) {
  static uint64_t state = 88172645463325252u;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)((state >> 32) * limit >> 32);
}

static sqlite3_stmt *begin, *commit, *page, *marks;

// Every column is fetched, as a program must to write it out.
static size_t read_page(int64_t log, int64_t head, int reader) {
  size_t bytes = 0;
  int rows = 0;
  check(sqlite3_step(begin));
  sqlite3_reset(begin);
  sqlite3_bind_int64(marks, 1, log);
  sqlite3_bind_int(marks, 2, reader);
  while (sqlite3_step(marks) == SQLITE_ROW)
    bytes += (size_t)sqlite3_column_bytes(marks, 1) + (sqlite3_column_blob(marks, 1) != NULL);
  check(sqlite3_reset(marks));
  sqlite3_bind_int64(page, 1, position(log, 1));
  sqlite3_bind_int64(page, 2, position(log, head));
  for (; sqlite3_step(page) == SQLITE_ROW; rows++) {
    bytes += (size_t)(sqlite3_column_int64(page, 0) & 1) + (size_t)(sqlite3_column_int64(page, 1) & 1);
    for (int i = 2; i < 8; i++) {
      const unsigned char *text = sqlite3_column_blob(page, i);
      bytes += (size_t)sqlite3_column_bytes(page, i) + (text ? text[0] : 0);
    }
  }
  check(sqlite3_reset(page));
  check(sqlite3_step(commit));
  sqlite3_reset(commit);
  if (rows != PAGE_SIZE) {
    fprintf(stderr, "sqlite_limit: a page of %d rows\n", rows);
    exit(1);
  }
  return bytes;
}

static double measure(double seconds, int large) {
  size_t bytes = 0;
  long pages = 0;
  double began = seconds_now(), now = began;
  while ((now = seconds_now()) - began < seconds)
    for (int i = 0; i < 100; i++, pages++) {
      int any = (int)random_below(SMALL_LOGS);
      bytes += large ? read_page(0, LARGE_MESSAGES, any) : read_page(1 + any, SMALL_MESSAGES, any);
    }
  if (!bytes) exit(1);
  return (double)pages / (now - began);
}

static void reads(double seconds) {
  sqlite3_stmt *made = prepare("SELECT 1 FROM sqlite_master WHERE name = 'marks'");
  int there = sqlite3_step(made) == SQLITE_ROW;
  sqlite3_finalize(made);
  if (!there) make();

  begin = prepare("BEGIN");
  commit = prepare("COMMIT");
  marks = prepare("SELECT version, read FROM marks WHERE log = ? AND reader = ?");
  page = prepare(
      "SELECT position, time, user_id, username, team_name, message_type, content, data FROM message"
      " WHERE position BETWEEN ? AND ? ORDER BY position DESC LIMIT 12");
  measure(0.5, 0);
  measure(0.5, 1);
  double small = measure(seconds, 0), large = measure(seconds, 1);
  printf("sqlite=%s small_per_second=%.0f large_per_second=%.0f\n", sqlite3_libversion(), small, large);
  sqlite3_stmt *statements[] = {begin, commit, marks, page};
  for (int i = 0; i < 4; i++) sqlite3_finalize(statements[i]);
}

// --- Appends ---

static void make_logs(void) {
  run("BEGIN");
  run("CREATE TABLE log(id INTEGER PRIMARY KEY, head INTEGER, time INTEGER)");
  // As the program's, whose further columns are empty for these messages.
  run("CREATE TABLE message(position INTEGER PRIMARY KEY, time INTEGER, user_id BLOB, username BLOB,"
      " team_name BLOB, message_type BLOB, content BLOB, data BLOB, token INTEGER)");
  run("CREATE INDEX message_sender ON message (user_id)");
  run("CREATE INDEX message_type ON message (message_type)");
  sqlite3_stmt *insert = prepare("INSERT INTO log VALUES(?, 0, 0)");
  for (int i = 0; i < SMALL_LOGS; i++) {
    sqlite3_bind_int(insert, 1, i);
    check(sqlite3_step(insert));
    sqlite3_reset(insert);
  }
  sqlite3_finalize(insert);
  run("COMMIT");
}

static void appends(double seconds, int group) {
  make_logs();
  static int64_t heads[SMALL_LOGS];
  begin = prepare("BEGIN IMMEDIATE");
  commit = prepare("COMMIT");
  sqlite3_stmt *insert = prepare("INSERT INTO message VALUES(?, ?, ?, ?, ?, ?, ?, ?, random())");
  sqlite3_stmt *update = prepare("UPDATE log SET head = ?, time = ? WHERE id = ?");
  long done = 0;
  double began = seconds_now(), now = began;
  for (; now - began < seconds; now = seconds_now()) {
    check(sqlite3_step(begin));
    sqlite3_reset(begin);
    for (int i = 0; i < group; i++, done++) {
      int log = (int)random_below(SMALL_LOGS);
      append(insert, log, ++heads[log], done);
      sqlite3_bind_int64(update, 1, heads[log]);
      sqlite3_bind_int64(update, 2, 1700000000000 + done);
      sqlite3_bind_int(update, 3, log);
      check(sqlite3_step(update));
      sqlite3_reset(update);
    }
    check(sqlite3_step(commit));
    sqlite3_reset(commit);
  }
  printf("appends_per_second=%.0f\n", (double)done / (now - began));
  sqlite3_stmt *statements[] = {begin, commit, insert, update};
  for (int i = 0; i < 4; i++) sqlite3_finalize(statements[i]);
}

int main(int count, char **arguments) {
  const char *mode = count > 2 ? arguments[1] : "";
  double seconds = count > 3 ? atof(arguments[3]) : 3;
  int group = count > 4 ? atoi(arguments[4]) : 64, is_read = !strcmp(mode, "reads");
  if ((!is_read && strcmp(mode, "appends")) || group < 1) {
    fprintf(stderr, "usage: sqlite_limit reads|appends FILE [SECONDS] [GROUP]\n");
    return 64;
  }
  check(sqlite3_open(arguments[2], &database));
  run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  if (is_read) reads(seconds);
  else appends(seconds, group);
  return sqlite3_close(database) == SQLITE_OK ? 0 : 1;
}
