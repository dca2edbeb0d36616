// libmongoc without being linked with it: it is loaded where a store is in MongoDB, and nowhere else.
//
// Each function is a jump through a pointer, which is filled when the library is opened. So callers see the
// functions that its headers declare, with their types, and as if they were linked.

#include "mongo.h"

#include <dlfcn.h>
#include <stddef.h>

#if defined(__x86_64__) && defined(__ELF__)
#define JUMP(name) "jmp *tidings_at_" #name "(%rip)\n"
#elif defined(__aarch64__) && defined(__ELF__)
// x16 is the register that linkers use for the same.
#define JUMP(name) \
  "adrp x16, tidings_at_" #name "\n" \
  "ldr x16, [x16, :lo12:tidings_at_" #name "]\n" \
  "br x16\n"
#else
#error "how to jump through a pointer on this processor is not known"
#endif

// Hidden: libmongoc's own calls must not find them.
#define FUNCTION(name) \
  __attribute__((used, visibility("hidden"))) void *tidings_at_##name; \
  __asm__(".pushsection .text." #name ", \"ax\", %progbits\n" \
          ".p2align 4\n" \
          ".globl " #name "\n" \
          ".hidden " #name "\n" \
          ".type " #name ", %function\n" \
          #name ":\n" JUMP(name) \
          ".size " #name ", . - " #name "\n" \
          ".popsection\n");
#include "functions.h"
#undef FUNCTION

static const struct {
  const char *name;
  void **place;
} functions[] = {
#define FUNCTION(name) {#name, &tidings_at_##name},
#include "functions.h"
#undef FUNCTION
};

const char *tidings_open_libmongoc(const char *name) {
  void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!library) return dlerror();
  // Those of libbson are found too: the search goes on in what a library needs.
  for (size_t index = 0; index < sizeof functions / sizeof *functions; index++)
    *functions[index].place = dlsym(library, functions[index].name);
  return NULL;
}

const char *tidings_lacking_in_libmongoc(void) {
  for (size_t index = 0; index < sizeof functions / sizeof *functions; index++)
    if (!*functions[index].place) return functions[index].name;
  return NULL;
}

const char *tidings_version_of_libmongoc(void) {
  return tidings_at_mongoc_get_version ? mongoc_get_version() : NULL;
}
