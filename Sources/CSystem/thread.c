// Swift sees no pthread_setname_np: the C library declares it as an extension.
#define _GNU_SOURCE
#include "system.h"

#include <pthread.h>
#include <string.h>

void tidings_name_thread(const char *name) {
  // A name, so nothing depends on it: what fails here is let be.
#if defined(__APPLE__)
  pthread_setname_np(name);
#else
  char kept[16] = {0};
  strncpy(kept, name, sizeof kept - 1);
  pthread_setname_np(pthread_self(), kept);
#endif
}
