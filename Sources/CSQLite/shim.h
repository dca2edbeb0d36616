#include <sqlite3.h>
#include <stdint.h>

// sqlite3_db_config takes variable arguments, which Swift can't give. Closing the connection then neither
// checkpoints the write-ahead log nor removes it.
static inline int tidings_sqlite3_no_checkpoint_on_close(sqlite3 *connection) {
  return sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}

// The index of the write-ahead log, as SQLite has it mapped; null if it has none. SQLite keeps it mapped at this
// address until the connection is closed. Only for a connection that has read something: asked before, SQLite
// would open the index.
static inline const void *tidings_sqlite3_log_index(sqlite3 *connection) {
  sqlite3_file *file = 0;
  void volatile *index = 0;
  if (sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK) return 0;
  if (!file || !file->pMethods || file->pMethods->iVersion < 2 || !file->pMethods->xShmMap) return 0;
  if (file->pMethods->xShmMap(file, 0, 32768, 0, &index) != SQLITE_OK) return 0;
  return (const void *)index;
}

// The header of the index. Each commit changes it, and so does each log that begins anew.
typedef struct {
  uint64_t words[6];
} tidings_log_header;

// Reads the header; 0 if somebody is writing it, so that its two copies differ, or if there is none yet. SQLite
// writes the second copy first, and reads them in this order.
static inline int tidings_sqlite3_read_header(const void *index, tidings_log_header *header) {
  const uint64_t *words = (const uint64_t *)index;
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  for (int i = 0; i < 6; i++) header->words[i] = __atomic_load_n(words + i, __ATOMIC_RELAXED);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  for (int i = 0; i < 6; i++)
    if (__atomic_load_n(words + 6 + i, __ATOMIC_RELAXED) != header->words[i]) return 0;
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  // Whether there is a header at all ("WAL-mode file format").
  return ((const unsigned char *)header)[12] != 0;
}
