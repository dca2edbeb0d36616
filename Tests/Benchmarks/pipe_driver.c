// Hosts a program over its stdin and stdout and measures it.
//
//   pipe_driver load  --work ping|page|send|seed|fill [--in-flight N] [--seconds S | --requests N]
//                     [--warm-up S] [--inbox small|middle|large] [--page N] [--log FILE]
//                     [--index FILE] -- PROGRAM ARG...
//   pipe_driver load  --work grow|page --size N --inboxes N ...   -- ...   inboxes of one size, a reader each
//   pipe_driver first --work ping|page [--times N]   -- ...   spawn to first answer
//   pipe_driver idle  [--seconds S]                  -- ...   memory, S seconds after the first answer
//
// With --index, the index of a SQLite database's write-ahead log, it counts the commits meanwhile too.
//
// Prints one line of key=value pairs. Fails unless every request got exactly one answer, each a
// result, and the program ended with status 0.
//
// It shares the machine with what it measures, so it is one thread with large buffers, and looks
// at an answer no further than to find its id and whether it is an error.

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "requests.h"

enum { SILENCE_MS = 60000, PIPE_BYTES = 1 << 20, LONGEST_REQUEST = 1024 };

static struct {
  pid_t pid;
  int requests, answers;  // our ends of its pipes
} child;

static void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "pipe_driver: ");
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\n");
  if (child.pid > 0) kill(child.pid, SIGKILL);
  exit(1);
}

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// --- The child ---

// posix_spawn does not copy this process, whose size would otherwise count in the time to start.
static void start(char **command) {
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC)) fail("pipe: %s", strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  if (options.log)
    posix_spawn_file_actions_addopen(&actions, 2, options.log, O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawnattr_t attributes;
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);  // ignored here, and not to be inherited
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  extern char **environ;
  int error = posix_spawnp(&child.pid, command[0], &actions, &attributes, command, environ);
  if (error) fail("%s: %s", command[0], strerror(error));
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(in[0]);
  close(out[1]);
  child.requests = in[1];
  child.answers = out[0];
  // Larger pipes mean fewer wake-ups of either side; the default does too where this is refused.
  fcntl(child.requests, F_SETPIPE_SZ, PIPE_BYTES);
  fcntl(child.answers, F_SETPIPE_SZ, PIPE_BYTES);
  fcntl(child.requests, F_SETFL, O_NONBLOCK);
  fcntl(child.answers, F_SETFL, O_NONBLOCK);
}

static void wait_for(short events_on_answers, short events_on_requests) {
  struct pollfd polled[2] = {{child.answers, events_on_answers, 0}, {child.requests, events_on_requests, 0}};
  int ready = poll(polled, events_on_requests ? 2 : 1, SILENCE_MS);
  if (ready == 0) fail("no answer for %d s", SILENCE_MS / 1000);
  if (ready < 0 && errno != EINTR) fail("poll: %s", strerror(errno));
}

// Closes the program's stdin; it must end its output without another word, with status 0.
static void finish(struct rusage *usage) {
  close(child.requests);
  for (;;) {
    char extra;
    ssize_t count = read(child.answers, &extra, 1);
    if (count == 0) break;
    if (count > 0) fail("an answer that nothing asked for");
    if (errno == EAGAIN) wait_for(POLLIN, 0);
    else if (errno != EINTR) fail("read: %s", strerror(errno));
  }
  close(child.answers);
  int status;
  if (wait4(child.pid, &status, 0, usage) < 0) fail("wait: %s", strerror(errno));
  child.pid = 0;
  if (!WIFEXITED(status) || WEXITSTATUS(status)) fail("the program ended with wait status %d", status);
}

// A field of /proc/PID/status in KiB, such as VmRSS (now) or VmHWM (the most it ever was).
static long memory_kib(const char *field) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%d/status", (int)child.pid);
  FILE *file = fopen(path, "r");
  long kib = -1;
  while (file && fgets(line, sizeof line, file))
    if (!strncmp(line, field, strlen(field))) kib = strtol(line + strlen(field) + 1, NULL, 10);
  if (file) fclose(file);
  return kib;
}

// The number of transactions that the index of a write-ahead log has counted: its third word.
static uint32_t commits(void) {
  uint32_t words[3];
  FILE *file = fopen(options.index, "r");
  if (!file || fread(words, sizeof words, 1, file) != 1) fail("%s: not to be read", options.index);
  fclose(file);
  return words[2];
}

// --- Answers ---

enum kind { OTHER, RESULT, ERROR };

struct answer {
  long id;
  enum kind kind;
};

// Any member order, any white space: walks the top level of the object.
static struct answer read_slowly(const char *at, const char *end) {
  struct answer answer = {-1, OTHER};
  int depth = 0;
  bool key_next = false, value_is_id = false;
  for (; at < end; at++) {
    switch (*at) {
      case '{':
      case '[': key_next = ++depth == 1; break;
      case '}':
      case ']': depth--; break;
      case ',': key_next = depth == 1; break;
      case ':':
        if (depth == 1 && value_is_id) answer.id = strtol(at + 1, NULL, 10);
        value_is_id = false;
        break;
      case '"': {
        const char *text = ++at;
        while (at < end && *at != '"') at += *at == '\\' ? 2 : 1;
        if (!key_next) break;
        key_next = false;
        size_t length = (size_t)(at - text);
        value_is_id = length == 2 && !memcmp(text, "id", 2);
        if (length == 6 && !memcmp(text, "result", 6)) answer.kind = RESULT;
        if (length == 5 && !memcmp(text, "error", 5)) answer.kind = ERROR;
      }
    }
  }
  return answer;
}

static struct answer read_answer(const char *line, const char *end) {
  static const char head[] = "{\"jsonrpc\":\"2.0\",\"id\":", result[] = ",\"result\":";
  if ((size_t)(end - line) > sizeof head + 20 + sizeof result && !memcmp(line, head, sizeof head - 1)) {
    char *after;
    long id = strtol(line + sizeof head - 1, &after, 10);
    if (!memcmp(after, result, sizeof result - 1)) return (struct answer){id, RESULT};
  }
  return read_slowly(line, end);
}

// A page of the data set is never empty: one answer in 64 is looked at for its twelve messages.
static void check_page(const char *line, const char *end) {
  static unsigned turn;
  if (options.work != PAGE || turn++ % 64) return;
  int messages = 0;
  for (const char *at = line; (at = memmem(at, (size_t)(end - at), "\"nid\":", 6)); at += 6) messages++;
  if (messages != PAGE_SIZE)
    fail("a page of %d messages, not %d: %.*s", messages, PAGE_SIZE, (int)(end - line), line);
}

// --- Load ---

static struct {
  char *bytes;
  size_t size, used;  // incoming: the bytes of a line not yet whole; outgoing: bytes not yet written
} incoming, outgoing;

static struct {
  uint32_t *tenths_us;  // one latency an answer
  size_t count, size;
} latencies;

static uint64_t answer_bytes;

static void note_latency(uint64_t ns) {
  if (latencies.count == latencies.size) {
    latencies.size = latencies.size ? latencies.size * 2 : 1 << 16;
    latencies.tenths_us = realloc(latencies.tenths_us, latencies.size * sizeof *latencies.tenths_us);
    if (!latencies.tenths_us) fail("out of memory");
  }
  latencies.tenths_us[latencies.count++] = (uint32_t)(ns / 100);
}

static int compare(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static void flush_requests(void) {
  while (outgoing.used) {
    ssize_t count = write(child.requests, outgoing.bytes, outgoing.used);
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("the program does not read: %s", strerror(errno));
    outgoing.used -= (size_t)count;
    memmove(outgoing.bytes, outgoing.bytes + count, outgoing.used);
  }
}

static bool fill_incoming(void) {
  if (incoming.used == incoming.size) {
    incoming.size *= 2;
    incoming.bytes = realloc(incoming.bytes, incoming.size);
    if (!incoming.bytes) fail("out of memory");
  }
  ssize_t count = read(child.answers, incoming.bytes + incoming.used, incoming.size - incoming.used);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (count < 0) fail("read: %s", strerror(errno));
  if (count == 0) fail("the program ended its output early");
  incoming.used += (size_t)count;
  return true;
}

struct slot {
  long id;  // of the request in flight, or -1
  uint64_t sent;
};

// Keeps `in_flight` requests under way until so many were sent or so much time went by, then
// waits for the last answer. Returns the number of answers.
static long run(int in_flight, double seconds, long requests) {
  static long last_id;  // ids are never used again, also not by the next run
  struct slot *slots = malloc((size_t)in_flight * sizeof *slots);
  int *idle = malloc((size_t)in_flight * sizeof *idle);
  if (!slots || !idle) fail("out of memory");
  long base = (last_id / in_flight + 1) * in_flight, sent = 0, answered = 0;
  int idle_count = in_flight;
  for (int i = 0; i < in_flight; i++) {
    idle[i] = i;
    slots[i].id = -1;
  }
  uint64_t began = now_ns(), end = seconds > 0 ? began + (uint64_t)(seconds * 1e9) : UINT64_MAX;
  long *next_id = malloc((size_t)in_flight * sizeof *next_id);
  if (!next_id) fail("out of memory");
  for (int i = 0; i < in_flight; i++) next_id[i] = base + i;

  for (;;) {
    uint64_t now = now_ns();
    while (idle_count && sent < requests && now < end &&
           outgoing.used + LONGEST_REQUEST <= outgoing.size) {
      int index = idle[--idle_count];
      slots[index] = (struct slot){next_id[index], now};
      if (next_id[index] > last_id) last_id = next_id[index];
      outgoing.used += write_request(outgoing.bytes + outgoing.used, next_id[index], sent++);
      next_id[index] += in_flight;
    }
    flush_requests();
    if (idle_count == in_flight && !outgoing.used) break;
    if (!fill_incoming()) {
      wait_for(POLLIN, outgoing.used ? POLLOUT : 0);
      continue;
    }

    uint64_t arrived = now_ns();
    char *line = incoming.bytes, *stop = incoming.bytes + incoming.used, *end_of_line;
    while ((end_of_line = memchr(line, '\n', (size_t)(stop - line)))) {
      struct answer answer = read_answer(line, end_of_line);
      if (answer.kind != RESULT) fail("not a result: %.*s", (int)(end_of_line - line), line);
      struct slot *slot = answer.id >= base ? &slots[answer.id % in_flight] : NULL;
      if (!slot || slot->id != answer.id)
        fail("an answer that nothing waits for: %.*s", (int)(end_of_line - line), line);
      check_page(line, end_of_line);
      note_latency(arrived - slot->sent);
      answer_bytes += (uint64_t)(end_of_line + 1 - line);
      slot->id = -1;
      idle[idle_count++] = (int)(answer.id % in_flight);
      answered++;
      line = end_of_line + 1;
    }
    incoming.used = (size_t)(stop - line);
    memmove(incoming.bytes, line, incoming.used);
  }
  if (incoming.used) fail("an answer that nothing asked for");
  free(slots);
  free(idle);
  free(next_id);
  return answered;
}

static double cpu_seconds(const struct rusage *usage) {
  return (double)usage->ru_utime.tv_sec + (double)usage->ru_stime.tv_sec +
         (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

static void load(char **command) {
  start(command);
  // So that the time to open the store is not counted.
  enum work work = options.work;
  options.work = PING;
  run(1, 0, 1);
  options.work = work;
  if (options.warm_up > 0) run(options.in_flight, options.warm_up, LONG_MAX);

  latencies.count = answer_bytes = 0;
  struct rusage before, after, used;
  uint32_t commits_before = options.index ? commits() : 0;
  getrusage(RUSAGE_SELF, &before);
  uint64_t began = now_ns();
  long answered = run(options.in_flight, options.seconds, options.requests);
  double took = (double)(now_ns() - began) / 1e9;
  getrusage(RUSAGE_SELF, &after);
  if (options.index) printf("commits=%u ", commits() - commits_before);
  long now = memory_kib("VmRSS"), peak = memory_kib("VmHWM");
  finish(&used);

  qsort(latencies.tenths_us, latencies.count, sizeof *latencies.tenths_us, compare);
  printf(
      "requests=%ld answer_bytes=%.0f seconds=%.3f per_second=%.0f p50_us=%.1f p99_us=%.1f rss_kib=%ld peak_kib=%ld "
      "program_cpu_s=%.2f driver_cpu_s=%.2f\n",
      answered, (double)answer_bytes / (double)answered, took, (double)answered / took, latencies.tenths_us[latencies.count / 2] / 10.0,
      latencies.tenths_us[latencies.count * 99 / 100] / 10.0, now, peak, cpu_seconds(&used),
      cpu_seconds(&after) - cpu_seconds(&before));
}

static void first(char **command) {
  struct rusage used;
  for (int i = 0; i < options.times; i++) {
    uint64_t began = now_ns();
    start(command);
    run(1, 0, 1);
    latencies.tenths_us[latencies.count - 1] = (uint32_t)((now_ns() - began) / 100);
    finish(&used);
  }
  qsort(latencies.tenths_us, latencies.count, sizeof *latencies.tenths_us, compare);
  printf("times=%zu median_ms=%.2f least_ms=%.2f most_ms=%.2f\n", latencies.count,
         latencies.tenths_us[latencies.count / 2] / 1e4, latencies.tenths_us[0] / 1e4,
         latencies.tenths_us[latencies.count - 1] / 1e4);
}

static void idle(char **command) {
  struct rusage used;
  start(command);
  run(1, 0, 1);
  usleep((useconds_t)(options.seconds * 1e6));
  printf("rss_kib=%ld peak_kib=%ld\n", memory_kib("VmRSS"), memory_kib("VmHWM"));
  finish(&used);
}

// --- The command line ---

static enum work work_named(const char *name) {
  static const char *names[] = {"ping", "page", "send", "seed", "fill", "grow"};
  for (int i = 0; i < 6; i++)
    if (!strcmp(name, names[i])) return (enum work)i;
  fail("no such work: %s", name);
  return PING;
}

int main(int count, char **arguments) {
  signal(SIGPIPE, SIG_IGN);
  int at = 2;
  for (; at < count && strcmp(arguments[at], "--"); at += 2) {
    const char *name = arguments[at], *value = at + 1 < count ? arguments[at + 1] : "";
    if (!strcmp(name, "--work")) options.work = work_named(value);
    else if (!strcmp(name, "--in-flight")) options.in_flight = atoi(value);
    else if (!strcmp(name, "--times")) options.times = atoi(value);
    else if (!strcmp(name, "--page")) options.page = atoi(value);
    else if (!strcmp(name, "--requests")) options.requests = atol(value);
    else if (!strcmp(name, "--seconds")) options.seconds = atof(value);
    else if (!strcmp(name, "--warm-up")) options.warm_up = atof(value);
    else if (!strcmp(name, "--inbox"))
      options.inbox = !strcmp(value, "large") ? LARGE : !strcmp(value, "middle") ? MIDDLE : SMALL;
    else if (!strcmp(name, "--size")) options.size = atol(value);
    else if (!strcmp(name, "--inboxes")) options.inboxes = atol(value);
    else if (!strcmp(name, "--log")) options.log = value;
    else if (!strcmp(name, "--index")) options.index = value;
    else fail("no such option: %s", name);
  }
  bool is_sized = options.size > 0 && options.inboxes > 0;
  if (at + 1 >= count || options.in_flight < 1 || options.times < 1 ||
      (!is_sized && (options.work == GROW || options.size || options.inboxes)))
    fail("usage: load|first|idle [--option value]... -- PROGRAM ARG... (see the top of the source)");
  char **command = arguments + at + 1;
  if (options.work == SEED) options.requests = SEED_SENDS + SEED_MARKS;
  else if (options.work == FILL) options.requests = FILL_SENDS + FILL_MARKS;
  else if (options.work == GROW) options.requests = (options.size + 1) * options.inboxes;
  else if (!options.requests) options.requests = LONG_MAX;
  if (options.requests == LONG_MAX && options.seconds <= 0) options.seconds = 3;

  incoming.size = 4 << 20;
  incoming.bytes = malloc(incoming.size);
  outgoing.size = 4 << 20;
  outgoing.bytes = malloc(outgoing.size);
  if (!incoming.bytes || !outgoing.bytes) fail("out of memory");

  if (!strcmp(arguments[1], "load")) load(command);
  else if (!strcmp(arguments[1], "first")) first(command);
  else if (!strcmp(arguments[1], "idle")) idle(command);
  else fail("no such mode: %s", arguments[1]);
}
