#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#ifdef __linux__
#include <fcntl.h>
#include <sys/syscall.h>
#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif
#endif

#include "system.h"

int tidings_rename_new(const char *from, const char *to) {
#ifdef __linux__
  if (syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
#else
  if (renamex_np(from, to, RENAME_EXCL) == 0) return 0;
#endif
  // File systems that can't do it in one step can do it in two.
  if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP) return -1;
  if (link(from, to) != 0) return -1;
  return unlink(from);
}
