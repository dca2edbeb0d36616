// The limit on MongoDB: what libmongoc can do with the commands that the program sends, as loops in C.
//
//   mongo_limit reads   URI [SECONDS] [THREADS]    on the data set that pipe_driver sends
//   mongo_limit appends URI [SECONDS] [THREADS]
//
// A read is a first page: one aggregate at one snapshot with the newest messages of both logs, their
// records and the reader's marks. The same command, and every field of the answer is looked at; no JSON,
// no merging of two logs, no counting. An append is one message by one command, in a majority's journals,
// each thread with a log of its own in the program's collection with all its indexes.

#include <mongoc/mongoc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { READERS = 1000, PAGE_SIZE = 12, MOST_THREADS = 256, SLOTS_PER_RUN = 1 << 24 };

enum work { SMALL_READS, MIDDLE_READS, LARGE_READS, APPENDS };

static const char *database;
static mongoc_client_pool_t *pool;
static enum work work;
static atomic_bool over;
static int64_t first_slot;

static struct thread {
  pthread_t id;
  int number;
  uint64_t random;
  long done;
  size_t bytes;
} threads[MOST_THREADS];

static void fail(const char *what, const char *why) {
  fprintf(stderr, "mongo_limit: %s: %s\n", what, why);
  exit(1);
}

static double seconds_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static uint32_t random_below(struct thread *thread, uint32_t limit) {
  uint64_t state = thread->random;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  thread->random = state;
  return (uint32_t)((state >> 32) * limit >> 32);
}

// A log's name as the program encodes it: a kind, then identifiers, each with its length in front.
struct name {
  uint8_t bytes[128];
  uint32_t length;
};

static struct name name_of(const char *team, const char *user) {
  struct name name = {{user ? 2 : 1}, 1};
  const char *identifiers[] = {team, user};
  for (int i = 0; i < (user ? 2 : 1); i++) {
    size_t length = strlen(identifiers[i]);
    name.bytes[name.length++] = (uint8_t)length;
    memcpy(name.bytes + name.length, identifiers[i], length);
    name.length += (uint32_t)length;
  }
  return name;
}

// --- Reads ---

static void append_name(bson_t *document, const char *key, const struct name *name) {
  bson_append_binary(document, key, -1, BSON_SUBTYPE_BINARY, name->bytes, name->length);
}

static void append_newest(bson_t *pipeline, const char **index, const struct name *log) {
  bson_t stage, match, sort;
  bson_append_document_begin(pipeline, *index++, -1, &stage);
  bson_append_document_begin(&stage, "$match", -1, &match);
  append_name(&match, "log", log);
  bson_append_document_end(&stage, &match);
  bson_append_document_end(pipeline, &stage);
  bson_append_document_begin(pipeline, *index++, -1, &stage);
  bson_append_document_begin(&stage, "$sort", -1, &sort);
  bson_append_int32(&sort, "seq", -1, -1);
  bson_append_document_end(&stage, &sort);
  bson_append_document_end(pipeline, &stage);
  bson_append_document_begin(pipeline, *index++, -1, &stage);
  bson_append_int64(&stage, "$limit", -1, PAGE_SIZE);
  bson_append_document_end(pipeline, &stage);
}

// One stage that adds what another pipeline gives: the records of two names, the marks of one, or the
// newest messages of a log.
static void append_union(
    bson_t *pipeline, const char *index, const char *collection, const struct name *first,
    const struct name *second) {
  static const char *indices[] = {"0", "1", "2"};
  bson_t stage, join, stages, inner, match, either, names;
  bson_append_document_begin(pipeline, index, -1, &stage);
  bson_append_document_begin(&stage, "$unionWith", -1, &join);
  bson_append_utf8(&join, "coll", -1, collection, -1);
  bson_append_array_begin(&join, "pipeline", -1, &stages);
  if (!strcmp(collection, "tidings_messages")) append_newest(&stages, indices, first);
  else {
    bson_append_document_begin(&stages, "0", -1, &inner);
    bson_append_document_begin(&inner, "$match", -1, &match);
    if (second) {
      bson_append_document_begin(&match, "_id", -1, &either);
      bson_append_array_begin(&either, "$in", -1, &names);
      append_name(&names, "0", first);
      append_name(&names, "1", second);
      bson_append_array_end(&either, &names);
      bson_append_document_end(&match, &either);
    } else append_name(&match, "_id", first);
    bson_append_document_end(&inner, &match);
    bson_append_document_end(&stages, &inner);
  }
  bson_append_array_end(&join, &stages);
  bson_append_document_end(&stage, &join);
  bson_append_document_end(pipeline, &stage);
}

static void make_read(bson_t *command, const struct name *shared, const struct name *own) {
  static const char *indices[] = {"0", "1", "2"};
  bson_t pipeline, cursor;
  bson_append_utf8(command, "aggregate", -1, "tidings_messages", -1);
  bson_append_array_begin(command, "pipeline", -1, &pipeline);
  append_newest(&pipeline, indices, shared);
  append_union(&pipeline, "3", "tidings_messages", own, NULL);
  append_union(&pipeline, "4", "tidings_logs", shared, own);
  append_union(&pipeline, "5", "tidings_marks", own, NULL);
  bson_append_array_end(command, &pipeline);
  bson_append_document_begin(command, "cursor", -1, &cursor);
  bson_append_int64(&cursor, "batchSize", -1, 100000);
  bson_append_document_end(command, &cursor);
  bson_append_utf8(command, "hint", -1, "log_seq", -1);
}

// Every field is looked at, as a program must to write it out.
static size_t read_fields(bson_iter_t *fields) {
  size_t sum = 0;
  while (bson_iter_next(fields)) {
    uint32_t length;
    const uint8_t *bytes;
    if (BSON_ITER_HOLDS_UTF8(fields)) sum += (size_t)bson_iter_utf8(fields, &length)[0] + length;
    else if (BSON_ITER_HOLDS_BINARY(fields)) {
      bson_iter_binary(fields, NULL, &length, &bytes);
      sum += length ? bytes[0] : 0;
    } else if (BSON_ITER_HOLDS_INT64(fields)) sum += (size_t)(bson_iter_int64(fields) & 1);
  }
  return sum;
}

static void read_one(struct thread *thread, mongoc_client_t *client, const bson_t *options) {
  char team[32], user[32];
  static const char *teams[] = {"small", "middle", "large"};
  static const uint32_t team_counts[] = {1000, 100, 1};
  uint32_t any = random_below(thread, READERS);
  snprintf(team, sizeof team, "%s-%u", teams[work], any % team_counts[work]);
  snprintf(user, sizeof user, "reader-%u", any);
  struct name shared = name_of(team, NULL), own = name_of(team, user);

  bson_t command = BSON_INITIALIZER, reply;
  bson_error_t error;
  make_read(&command, &shared, &own);
  if (!mongoc_client_read_command_with_opts(client, database, &command, NULL, options, &reply, &error))
    fail("a read", error.message);
  bson_iter_t iterator, batch, documents, fields;
  int messages = 0, marks = 0;
  if (!bson_iter_init(&iterator, &reply) || !bson_iter_find_descendant(&iterator, "cursor.firstBatch", &batch) ||
      !bson_iter_recurse(&batch, &documents))
    fail("a read", "a reply without documents");
  while (bson_iter_next(&documents)) {
    if (!bson_iter_recurse(&documents, &fields)) fail("a read", "not a document");
    bson_iter_t found = fields;
    if (bson_iter_find(&found, "seq")) messages++;
    else marks++;
    thread->bytes += read_fields(&fields);
  }
  if (messages != PAGE_SIZE || marks != 1) fail("a read", "not twelve messages and the marks");
  bson_destroy(&reply);
  bson_destroy(&command);
}

// --- Appends ---

static void append_one(struct thread *thread, mongoc_collection_t *collection, const bson_t *options) {
  char log[32], text[200];
  snprintf(log, sizeof log, "limit-%d", thread->number);
  struct name name = name_of(log, NULL);
  int64_t number = first_slot + thread->done;
  bson_oid_t token;
  bson_oid_init(&token, NULL);
  bson_t message = BSON_INITIALIZER;
  bson_error_t error;
  bson_append_oid(&message, "_id", -1, &token);
  append_name(&message, "log", &name);
  bson_append_int64(&message, "seq", -1, number);
  bson_append_date_time(&message, "time", -1, (int64_t)time(NULL) * 1000);
  bson_append_utf8(&message, "message_type", -1, "task", -1);
  snprintf(text, sizeof text, "author-%d", (int)(number % 50));
  bson_append_utf8(&message, "user_id", -1, text, -1);
  snprintf(text, sizeof text, "Author %d", (int)(number % 50));
  bson_append_utf8(&message, "username", -1, text, -1);
  snprintf(text, sizeof text, "Team %d", thread->number);
  bson_append_utf8(&message, "team_name", -1, text, -1);
  snprintf(text, sizeof text,
           "Message %d: the beds at the south wall want water before noon, and the door is stuck again.",
           (int)number);
  bson_append_utf8(&message, "content", -1, text, -1);
  snprintf(text, sizeof text, "{\"task\":%d}", (int)number);
  bson_append_utf8(&message, "data", -1, text, -1);
  if (!mongoc_collection_insert_one(collection, &message, options, NULL, &error)) fail("an append", error.message);
  bson_destroy(&message);
}

// --- Threads ---

static void *loop(void *argument) {
  struct thread *thread = argument;
  mongoc_client_t *client = mongoc_client_pool_pop(pool);
  bson_t options = BSON_INITIALIZER;
  if (work == APPENDS) {
    mongoc_collection_t *collection = mongoc_client_get_collection(client, database, "tidings_messages");
    bson_append_bool(&options, "validate", -1, false);
    for (; !over; thread->done++) append_one(thread, collection, &options);
    mongoc_collection_destroy(collection);
  } else {
    bson_t concern;
    bson_append_document_begin(&options, "readConcern", -1, &concern);
    bson_append_utf8(&concern, "level", -1, "snapshot", -1);
    bson_append_document_end(&options, &concern);
    for (; !over; thread->done++) read_one(thread, client, &options);
  }
  bson_destroy(&options);
  mongoc_client_pool_push(pool, client);
  return NULL;
}

static double measure(enum work chosen, double seconds, int count) {
  work = chosen;
  over = false;
  long done = 0;
  size_t bytes = 0;
  double began = seconds_now();
  for (int i = 0; i < count; i++) {
    threads[i] = (struct thread){.number = i, .random = 88172645463325252u + (uint64_t)i * 7919};
    if (pthread_create(&threads[i].id, NULL, loop, &threads[i])) fail("a thread", "the system has none to give");
  }
  struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
  nanosleep(&time, NULL);
  over = true;
  for (int i = 0; i < count; i++) {
    pthread_join(threads[i].id, NULL);
    done += threads[i].done;
    bytes += threads[i].bytes;
  }
  if (chosen != APPENDS && !bytes) exit(1);
  return (double)done / (seconds_now() - began);
}

int main(int count, char **arguments) {
  bool reads = count > 2 && !strcmp(arguments[1], "reads");
  if (!reads && (count < 3 || strcmp(arguments[1], "appends"))) {
    fprintf(stderr, "usage: mongo_limit reads|appends URI [SECONDS] [THREADS]\n");
    return 64;
  }
  double seconds = count > 3 ? atof(arguments[3]) : 3;
  int wanted = count > 4 ? atoi(arguments[4]) : 32;
  if (wanted < 1 || wanted > MOST_THREADS) fail("THREADS", "from 1 through 256");

  mongoc_init();
  bson_error_t error;
  mongoc_uri_t *uri = mongoc_uri_new_with_error(arguments[2], &error);
  if (!uri) fail("the URI", error.message);
  database = mongoc_uri_get_database(uri);
  if (!database) fail("the URI", "it names no database");
  mongoc_write_concern_t *durable = mongoc_write_concern_new();
  mongoc_write_concern_set_wmajority(durable, 5000);
  mongoc_write_concern_set_journal(durable, true);
  mongoc_uri_set_write_concern(uri, durable);
  pool = mongoc_client_pool_new_with_error(uri, &error);
  if (!pool) fail("the URI", error.message);
  mongoc_client_pool_max_size(pool, MOST_THREADS);
  // Runs follow one another on one database: their numbers must not meet.
  first_slot = ((int64_t)time(NULL) & 0xffffffff) * SLOTS_PER_RUN;

  if (reads) {
    measure(SMALL_READS, 0.5, wanted);
    double small = measure(SMALL_READS, seconds, wanted);
    double middle = measure(MIDDLE_READS, seconds, wanted);
    double large = measure(LARGE_READS, seconds, wanted);
    printf("small_per_second=%.0f middle_per_second=%.0f large_per_second=%.0f\n", small, middle, large);
  } else {
    measure(APPENDS, 0.5, wanted);
    first_slot += SLOTS_PER_RUN / 2;
    printf("appends_per_second=%.0f\n", measure(APPENDS, seconds, wanted));
  }
  mongoc_client_pool_destroy(pool);
  mongoc_write_concern_destroy(durable);
  mongoc_uri_destroy(uri);
  mongoc_cleanup();
  return 0;
}
