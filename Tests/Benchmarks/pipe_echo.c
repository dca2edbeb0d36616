// The least that an answer over two pipes costs: a program that answers each line at once.
//
//   pipe_echo BYTES
//
// An answer has the request's id and is a page of twelve messages, of so many bytes, which was written before.

#define _GNU_SOURCE

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST = 1 << 20, MESSAGES = 12 };

static char requests[LONGEST], page[LONGEST], answer[LONGEST + 64];

static void fail(const char *what) {
  fprintf(stderr, "pipe_echo: %s\n", what);
  exit(1);
}

static void write_all(const char *bytes, size_t count) {
  while (count) {
    ssize_t some = write(1, bytes, count);
    if (some <= 0) fail("not to be written");
    bytes += some;
    count -= (size_t)some;
  }
}

int main(int count, char **arguments) {
  long bytes = count == 2 ? atol(arguments[1]) : 0;
  size_t used = 0;
  for (int i = 0; i < MESSAGES; i++) used += (size_t)sprintf(page + used, "%s{\"nid\":\"\"}", i ? "," : "");
  // The frame with an id of six digits and the quotes of the padding are 45 bytes.
  long padding = bytes - (long)used - 45;
  if (padding < 0 || bytes > LONGEST) fail("usage: pipe_echo BYTES, of a page and no more than a million");
  page[used++] = ',';
  page[used++] = '"';
  memset(page + used, 'x', (size_t)padding);
  used += (size_t)padding;
  page[used++] = '"';

  size_t waiting = 0;
  for (;;) {
    ssize_t some = read(0, requests + waiting, sizeof requests - waiting);
    if (some < 0) fail("not to be read");
    if (some == 0) return waiting ? 1 : 0;
    waiting += (size_t)some;
    char *line = requests, *end;
    while ((end = memchr(line, '\n', waiting - (size_t)(line - requests)))) {
      const char *id = memmem(line, (size_t)(end - line), "\"id\":", 5);
      if (!id) fail("a request without an id");
      int head = sprintf(answer, "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"result\":[", strtol(id + 5, NULL, 10));
      memcpy(answer + head, page, used);
      memcpy(answer + head + used, "]}\n", 3);
      write_all(answer, (size_t)head + used + 3);
      line = end + 1;
    }
    waiting -= (size_t)(line - requests);
    memmove(requests, line, waiting);
  }
}
