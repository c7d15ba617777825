/* file.h - a whole small text file in memory, with a cap: what the tokenizer and task readers start
 * from. */
#ifndef ZG_WORKLOADS_FILE_H
#define ZG_WORKLOADS_FILE_H

#include <stdint.h>

#include "engines/error.h"

/* Reads path, without a UTF-8 mark at its start, into *bytes [*n_bytes], followed by a NUL that
 * does not count; free() it. ZG_INPUT: no such file, not a regular file, over max_bytes, or no text
 * (file_kind.h).  ZG_ENV: reading failed; no memory. */
enum zg_status zg_file_read(char **bytes, int64_t *n_bytes, const char *path, int64_t max_bytes,
                            struct zg_error *err);

/* malloc'ed "DIR/NAME"; NAME itself where it is absolute.  NULL: no memory. */
char *zg_path_join(const char *dir, const char *name);

#endif
