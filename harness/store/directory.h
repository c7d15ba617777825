/*
 * directory.h - the directory that a run writes into: made, found writable before the long work,
 * and never one that already holds results.
 */
#ifndef ZG_HARNESS_DIRECTORY_H
#define ZG_HARNESS_DIRECTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/error.h"

struct zg_result_dir {
    char path[1024];
    int64_t n_kept; /* bytes of the path that were there before; the rest this process made */
    bool is_new;    /* found without results and writable: what it holds now is this process's */
};

/* `given` NULL: zogap-results/DATE-TIME under the working directory.  Makes missing parents.  To
 * resume, temporary files that a killed process left are removed.  The directory is this process's
 * until it ends.  ZG_USAGE: it holds results, and `resume` is false; another process has it.
 * ZG_ENV: it cannot be made or written, or the disk is full. */
enum zg_status zg_result_dir_open(struct zg_result_dir *out, const char *given, bool resume,
                                  struct zg_error *err);

/* Takes away what a run wrote before its first sample, and the directories that this process made.
 * Does nothing unless open() succeeded on a directory without results. */
void zg_result_dir_discard(const struct zg_result_dir *dir);

/* Is there a file of that name? */
bool zg_result_dir_has(const struct zg_result_dir *dir, const char *name);

#endif
