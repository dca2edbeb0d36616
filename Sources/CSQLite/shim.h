#include <sqlite3.h>

// sqlite3_db_config takes variable arguments, which Swift can't give. Closing the connection then neither
// checkpoints the write-ahead log nor removes it.
static inline int tidings_sqlite3_no_checkpoint_on_close(sqlite3 *connection) {
  return sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}
