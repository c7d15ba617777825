/*
 * file_out.h - writes whole files so that a reader sees the old content or the new, never half of
 * it.
 *
 * The new content goes to a temporary name in the same directory, is synced and renamed; then the
 * directory is synced.  A failure leaves the old file untouched and no temporary file behind.
 */
#ifndef ZG_HARNESS_FILE_OUT_H
#define ZG_HARNESS_FILE_OUT_H

#include <stddef.h>

#include "engines/error.h"

/* Makes dir/name hold exactly bytes[n].  ZG_ENV names the file and the system's reason. */
enum zg_status zg_file_replace(const char *dir, const char *name, const void *bytes, size_t n,
                               struct zg_error *err);

/* Writes all of bytes[n] to an open descriptor, in spite of signals and short writes.  ZG_ENV names
 * `path`. */
enum zg_status zg_file_write(int fd, const char *path, const void *bytes, size_t n,
                             struct zg_error *err);

/* fsync of a directory; file systems that cannot (EINVAL) are fine. */
enum zg_status zg_dir_sync(const char *dir, struct zg_error *err);

#endif
