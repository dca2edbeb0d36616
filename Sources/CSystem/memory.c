#include "system.h"

#include <stdlib.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

void tidings_give_large_blocks_back(void) {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}
