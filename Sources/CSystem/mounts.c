// Swift sees no statx: the C library declares it as an extension.
#define _GNU_SOURCE
#include "system.h"

#if defined(__linux__)
#include <fcntl.h>
#include <sys/stat.h>

int tidings_is_mount(int descriptor) {
#ifdef STATX_ATTR_MOUNT_ROOT
  struct statx found;
  // What a kernel before 5.8 doesn't tell is let be.
  return statx(descriptor, "", AT_EMPTY_PATH, 0, &found) == 0 &&
         (found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
#else
  (void)descriptor;
  return 0;
#endif
}
#else
// Elsewhere only folders are mounted.
int tidings_is_mount(int descriptor) {
  (void)descriptor;
  return 0;
}
#endif
