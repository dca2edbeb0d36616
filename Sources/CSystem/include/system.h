#ifndef TIDINGS_SYSTEM_H
#define TIDINGS_SYSTEM_H

/// The number of this program's arguments, its own name included; 0 if the system gave none.
int tidings_argument_count(void);

/// An argument, as the system gave it: bytes that end with 0.
const char *tidings_argument(int index);

/// Names the calling thread for debuggers and `top`; Linux keeps 15 bytes.
void tidings_name_thread(const char *name);

/// Lets the system have what a large answer took as soon as it is written, where the C library would keep it: glibc
/// takes the first large block that is freed for a sign that more are to come, and each thread's heap keeps those.
void tidings_give_large_blocks_back(void);

#endif
