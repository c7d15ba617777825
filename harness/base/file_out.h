/*
 * file_out.h - writes whole files so that a reader sees the old content or the new, never half of
 * it.
 *
 * The new content goes to a temporary name in the same directory, is synced and renamed; then the
 * directory is synced.  A failure leaves the old file untouched and no temporary file behind.
 */
#ifndef ZG_HARNESS_FILE_OUT_H
#define ZG_HARNESS_FILE_OUT_H

#include <limits.h>
#include <stddef.h>

#include "engines/error.h"

/* Makes dir/name hold exactly bytes[n].  ZG_ENV names the file and the system's reason. */
enum zg_status zg_file_replace(const char *dir, const char *name, const void *bytes, size_t n,
                               struct zg_error *err);

/* The same of a path that a user names.  What is there and no regular file (a pipe, /dev/stdout) is
 * written to, not replaced. */
enum zg_status zg_file_put(const char *path, const void *bytes, size_t n, struct zg_error *err);

/* Can zg_file_put() write there, as far as can be known without it?  ZG_USAGE: "-", which is not
 * the standard output.  ZG_ENV: why not. */
enum zg_status zg_file_can_put(const char *path, struct zg_error *err);

/* Adds bytes[n] at the end of a file, which is made where it is not there. */
enum zg_status zg_file_append(const char *path, const void *bytes, size_t n, struct zg_error *err);

/* Writes all of bytes[n] to an open descriptor, in spite of signals and short writes.  ZG_ENV names
 * `path`. */
enum zg_status zg_file_write(int fd, const char *path, const void *bytes, size_t n,
                             struct zg_error *err);

/* fsync of a directory; file systems that cannot (EINVAL) are fine. */
enum zg_status zg_dir_sync(const char *dir, struct zg_error *err);

/* the same of a file */
enum zg_status zg_file_sync(int fd, const char *path, struct zg_error *err);

/* The same in pieces: begin, zg_file_write() to fd, then commit or drop. */
struct zg_file_out {
    int fd; /* -1: not open */
    char path[PATH_MAX];
    char temporary[PATH_MAX];
    char dir[PATH_MAX];
};
/* On failure nothing is open. */
enum zg_status zg_file_begin(struct zg_file_out *file, const char *dir, const char *name,
                             struct zg_error *err);
/* Closes in any case; where it fails, the temporary file is gone. */
enum zg_status zg_file_commit(struct zg_file_out *file, struct zg_error *err);
void zg_file_drop(struct zg_file_out *file);

#endif
