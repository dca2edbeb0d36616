// The arguments of this program, taken before main.
//
// Swift looks for them behind the environment, where they are not any more once something has changed that:
// a library that is loaded before the program and calls setenv is enough. A constructor is given them by the
// C library itself (glibc and Darwin), wherever the environment is.

#include "system.h"

// Defines __GLIBC__, if it is that.
#include <stdlib.h>

static int count;
static char **values;

__attribute__((constructor)) static void keep(int argc, char **argv) {
#if defined(__GLIBC__) || defined(__APPLE__)
  count = argc;
  values = argv;
#endif
}

int tidings_argument_count(void) { return count; }

const char *tidings_argument(int index) { return index < count ? values[index] : 0; }
