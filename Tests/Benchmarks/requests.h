// What pipe_driver sends: the options that say what, the data sets and the requests.

#include <stdint.h>
#include <stdio.h>
#include <string.h>

// The data set that `seed` sends: half of it to one team, half to many.
enum { SMALL_TEAMS = 1000, SMALL_MESSAGES = 100, LARGE_MESSAGES = 100000, READERS = 1000 };
// What `fill` adds: teams between those two in size.
enum { MIDDLE_TEAMS = 100, MIDDLE_MESSAGES = 1000 };
enum { FILL_SENDS = MIDDLE_TEAMS * MIDDLE_MESSAGES, FILL_MARKS = READERS };
enum { SEED_SENDS = SMALL_TEAMS * SMALL_MESSAGES + LARGE_MESSAGES, SEED_MARKS = SMALL_TEAMS + READERS };
enum { PAGE_SIZE = 12 };

enum work { PING, PAGE, SEND, SEED, FILL, GROW };
enum inbox { SMALL, MIDDLE, LARGE };

static struct {
  enum work work;
  int in_flight, times, page;
  long size, inboxes;  // of `grow`, and of the pages in what it made
  long requests;
  double seconds, warm_up;
  enum inbox inbox;
  const char *log, *index;
} options = {.in_flight = 1, .times = 20, .page = 1};

static uint32_t random_below(uint32_t limit) {
  static uint64_t state = 88172645463325252u;  // always the same run
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)((state >> 32) * limit >> 32);
}

static size_t write_send(char *to, long id, const char *team, long team_number, long number) {
  return (size_t)sprintf(
      to,
      "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"method\":\"send_team_message\",\"params\":{\"team_id\":\"%s-%ld\","
      "\"team_name\":\"Team %ld\",\"user_id\":\"author-%ld\",\"username\":\"Author %ld\","
      "\"message_type\":\"task\",\"content\":\"Message %ld: the beds at the south wall want water before "
      "noon, and the door is stuck again.\",\"data\":{\"task\":%ld}}}\n",
      id, team, team_number, team_number, number % 50, number % 50, number, number);
}

static size_t write_mark(char *to, long id, const char *team, long team_number, long reader) {
  return (size_t)sprintf(
      to,
      "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"method\":\"mark_read\",\"params\":{\"team_id\":\"%s-%ld\","
      "\"user_id\":\"reader-%ld\",\"all\":true}}\n",
      id, team, team_number, reader);
}

// Every reader of the data set has read the older half of the inbox.
static size_t write_seed(char *to, long id, long number) {
  long before_marks = SEED_SENDS / 2;
  if (number >= before_marks && number < before_marks + SEED_MARKS) {
    long mark = number - before_marks;
    if (mark < SMALL_TEAMS) return write_mark(to, id, "small", mark, mark);
    return write_mark(to, id, "large", 0, mark - SMALL_TEAMS);
  }
  if (number >= before_marks) number -= SEED_MARKS;
  if (number % 2) return write_send(to, id, "small", number / 2 % SMALL_TEAMS, number);
  return write_send(to, id, "large", 0, number);
}

static size_t write_fill(char *to, long id, long number) {
  long before_marks = FILL_SENDS / 2;
  if (number >= before_marks && number < before_marks + FILL_MARKS) {
    long reader = number - before_marks;
    return write_mark(to, id, "middle", reader % MIDDLE_TEAMS, reader);
  }
  if (number >= before_marks) number -= FILL_MARKS;
  return write_send(to, id, "middle", number % MIDDLE_TEAMS, number);
}

// The reader of each inbox has read the older half of it.
static size_t write_grow(char *to, long id, long number) {
  char team[32];
  snprintf(team, sizeof team, "inbox-%ld", options.size);
  long before_marks = options.size / 2 * options.inboxes;
  if (number >= before_marks && number < before_marks + options.inboxes)
    return write_mark(to, id, team, number - before_marks, number - before_marks);
  if (number >= before_marks) number -= options.inboxes;
  return write_send(to, id, team, number % options.inboxes, number);
}

static size_t write_page(char *to, long id) {
  static const char *teams[] = {"small", "middle", "large"};
  static const uint32_t team_counts[] = {SMALL_TEAMS, MIDDLE_TEAMS, 1};
  char sized[32];
  const char *team = teams[options.inbox];
  uint32_t reader = random_below(options.size ? (uint32_t)options.inboxes : READERS), number = reader;
  if (options.size) {
    snprintf(sized, sizeof sized, "inbox-%ld", options.size);
    team = sized;
  } else number %= team_counts[options.inbox];
  return (size_t)sprintf(
      to,
      "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"method\":\"get_team_message\",\"params\":{\"team_id\":"
      "\"%s-%u\",\"user_id\":\"reader-%u\",\"pageNo\":%d,\"pageSize\":%d}}\n",
      id, team, number, reader, options.page, PAGE_SIZE);
}

static size_t write_request(char *to, long id, long number) {
  switch (options.work) {
    case PING:
      return (size_t)sprintf(to, "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"method\":\"ping\"}\n", id);
    case PAGE: return write_page(to, id);
    case SEND: return write_send(to, id, "sent", random_below(SMALL_TEAMS), number);
    case SEED: return write_seed(to, id, number);
    case FILL: return write_fill(to, id, number);
    case GROW: return write_grow(to, id, number);
  }
  return 0;
}
