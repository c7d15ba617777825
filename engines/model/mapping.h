/*
 * mapping.h - a whole file, read-only in memory.
 */
#ifndef ZG_MODEL_MAPPING_H
#define ZG_MODEL_MAPPING_H

#include <stdint.h>

#include "engines/error.h"

struct zg_mapping {
    const unsigned char *bytes; /* NULL for an empty file */
    int64_t size;
};

/* ZG_INPUT: the file cannot be opened, or is no regular file (a pipe would block).  A file that
 * another process truncates while it is mapped kills the reader by SIGBUS, as with every memory-
 * mapped file. */
enum zg_status zg_mapping_open(struct zg_mapping *out, const char *path, struct zg_error *err);
void zg_mapping_close(struct zg_mapping *mapping);

/* Bytes begin .. begin + n - 1 may leave memory until they are read again. */
void zg_mapping_release(const struct zg_mapping *mapping, int64_t begin, int64_t n);

#endif
