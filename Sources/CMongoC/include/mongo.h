#ifndef TIDINGS_MONGO_H
#define TIDINGS_MONGO_H

#include <libmongoc-1.0/mongoc/mongoc.h>

/// Opens libmongoc, so that its functions and libbson's can be called: those that `functions.h` lists, and none of
/// them earlier. Returns 0, or why not: the loader's words, valid until the thread's next call of it.
const char *_Nullable tidings_open_libmongoc(const char *_Nonnull name);

/// The first function that the opened libmongoc lacks; 0 if it has them all.
const char *_Nullable tidings_lacking_in_libmongoc(void);

/// The version of the opened libmongoc; 0 if it lacks even the function that tells.
const char *_Nullable tidings_version_of_libmongoc(void);

#endif
