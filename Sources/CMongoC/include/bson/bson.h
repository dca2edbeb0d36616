// What libmongoc's headers include. The package manager would take the include paths from pkg-config, but with
// them the library, which is not to be linked.
#include <libbson-1.0/bson/bson.h>
