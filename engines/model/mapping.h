/*
 * mapping.h - a whole file, read-only in memory.
 */
#ifndef ZG_MODEL_MAPPING_H
#define ZG_MODEL_MAPPING_H

#include <stdint.h>
#include <time.h>

#include "engines/error.h"

struct zg_mapping {
    const unsigned char *bytes; /* NULL for an empty file */
    int64_t size;
    struct timespec changed; /* the file, last, as it was opened */
    struct zg_mapped *entry; /* in the list of what is mapped; NULL for an empty file */
};

/* ZG_INPUT: the file cannot be opened, or is no regular file (a pipe would block).  ZG_ENV: no
 * memory, or thousands are mapped.  A file that another process cuts short while it is mapped gives
 * its reader a SIGBUS, as every memory-mapped file; main.c answers it by zg_mapping_path(). */
enum zg_status zg_mapping_open(struct zg_mapping *out, const char *path, struct zg_error *err);
void zg_mapping_close(struct zg_mapping *mapping);

/* ZG_ENV: the file was written to since it was opened.  One that was replaced by a rename was not:
 * the mapping is of the old one. */
enum zg_status zg_mapping_check(const struct zg_mapping *mapping, struct zg_error *err);

/* The path of the mapping that holds the address, or NULL.  May be called in a signal handler. */
const char *zg_mapping_path(const void *address);

/* Bytes begin .. begin + n - 1 may leave memory until they are read again. */
void zg_mapping_release(const struct zg_mapping *mapping, int64_t begin, int64_t n);

#endif
