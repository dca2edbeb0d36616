// The arguments of this program, taken before main.
//
// Swift looks for them behind the environment, where they are not any more once something has changed that:
// a library that is loaded before the program and calls setenv is enough. The loader gives them to the first
// function of a program, wherever the environment is.

#include "system.h"

#include <signal.h>

static int count;
static char **values;

static void begin(int argc, char **argv, char **environment) {
  (void)environment;
  count = argc;
  values = argv;
  // A file that would grow beyond what the system allows is an error of write(2), not the end of the process.
  // As early as this, since libraries write files when they are loaded.
  signal(SIGXFSZ, SIG_IGN);
}

#if defined(__APPLE__)
__attribute__((constructor)) static void first(int argc, char **argv, char **environment) {
  begin(argc, argv, environment);
}
#elif defined(__GLIBC__)
// Runs before the constructors of every library.
__attribute__((section(".preinit_array"), used)) static void (*const first)(int, char **, char **) = begin;
#else
#error "how this C library passes the arguments to a program's first function is not known"
#endif

int tidings_argument_count(void) { return count; }

const char *tidings_argument(int index) { return index < count ? values[index] : 0; }
