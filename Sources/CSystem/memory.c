#include "system.h"

#include <stdlib.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

void tidings_return_large_blocks(void) {
  // Only what it takes is at stake: where it can't be set the program works the same.
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 256 << 10);
#endif
}
