#ifndef TIDINGS_SYSTEM_H
#define TIDINGS_SYSTEM_H

/// The number of this program's arguments, its own name included; 0 if the system gave none.
int tidings_argument_count(void);

/// An argument, as the system gave it: bytes that end with 0.
const char *tidings_argument(int index);

/// Names the calling thread for debuggers and `top`; Linux keeps 15 bytes.
void tidings_name_thread(const char *name);

/// Whether an open file is mounted by itself, without the folder that it lies in.
int tidings_is_mount(int descriptor);

/// Blocks of more than 256 KiB go back to the system as soon as they are freed. By itself glibc raises that bound
/// with every one that it gets back, up to 32 MiB, and then keeps the holes that large answers leave: the memory
/// of a process came out half as large again as what it counted.
void tidings_return_large_blocks(void);

/// Gives a file another name, which nothing may have yet: else -1 with `errno` EEXIST.
int tidings_rename_new(const char *from, const char *to);

#endif
