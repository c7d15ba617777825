/*
 * new_dir.h - a directory that appears whole or not at all: filled under another name beside it,
 * synced, renamed.
 */
#ifndef ZG_TRAIN_NEW_DIR_H
#define ZG_TRAIN_NEW_DIR_H

#include <limits.h>
#include <stdint.h>

#include "engines/error.h"

struct zg_new_dir {
    char path[PATH_MAX];
    char parent[PATH_MAX];
    char filling[PATH_MAX]; /* where its files are written; "": nothing is open */
};

/* ZG_USAGE: `what PATH` is there and is no empty directory, or is no name for one.  To be asked
 * before long work. */
enum zg_status zg_new_dir_check(const char *what, const char *path, struct zg_error *err);

/* The same; and it is open to be filled.  ZG_ENV: it cannot be made beside where it shall be, or
 * n_bytes do not fit on that disk. */
enum zg_status zg_new_dir_open(struct zg_new_dir *out, const char *what, const char *path,
                               int64_t n_bytes, struct zg_error *err);

/* Gives it its name.  Where that fails it is gone, as after drop. */
enum zg_status zg_new_dir_commit(struct zg_new_dir *dir, struct zg_error *err);
/* Removes what was written.  Fine on one that is not open. */
void zg_new_dir_drop(struct zg_new_dir *dir);

#endif
