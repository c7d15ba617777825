/*
 * meta.h - meta.json: everything that is not a row, so that a reader can judge and repeat a run.
 *
 * The document grows while the run goes on and is replaced whole each time, so that it is valid
 * JSON at any moment; "status" says how far it got: running, complete, interrupted or failed.  What
 * is in it of a session and its cases is manifest.h.
 */
#ifndef ZG_HARNESS_META_H
#define ZG_HARNESS_META_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "engines/error.h"
#include "harness/machine/machine.h"

/* Sets "during", what the machine did since `before`, and "warnings". */
void zg_meta_watch(json_t *meta, const struct zg_machine_watch *before);

/* Sets "status", "finished_utc" and what zg_meta_watch() does; writes dir/meta.json.  Where that
 * fails, "running" in the file that is there becomes "failed", if the disk takes that much. */
enum zg_status zg_meta_write(json_t *meta, const char *dir, const char *status,
                             const struct zg_machine_watch *before, struct zg_error *err);

/* --strict before anything is measured: ZG_ENV where the machine or the load before it gives a
 * warning; the message has the first. */
enum zg_status zg_meta_check_strict(const json_t *meta, const struct zg_machine_watch *before,
                                    struct zg_error *err);
/* --strict of what was measured, after zg_meta_write(): ZG_ENV where meta has warnings.  `where`
 * names what holds the results. */
enum zg_status zg_meta_fail_strict(const json_t *meta, const char *where, struct zg_error *err);

/* A line on `out` for each warning. */
void zg_meta_print_warnings(const json_t *meta, FILE *out);

/* Goes on with dir/meta.json: takes over its cases, sessions and number.  prints[i] has the
 * fingerprints of case i as its files are now, null where that is not known.  *was_complete: it
 * says that it was.  The messages name what differs, with both values.  ZG_INPUT: it cannot be
 * read, is of another machine, cpus, kernels, environment variables, settings of the system,
 * libraries or build, or its cases were measured on other files.  ZG_USAGE: other options. */
enum zg_status zg_meta_resume(json_t *meta, const json_t *prints, const char *dir,
                              bool *was_complete, struct zg_error *err);

/* The entry of a case, of this run or the one that it goes on with; NULL: there is none.  Borrowed.
 */
json_t *zg_meta_find_case(const json_t *meta, int64_t index);
/* Was it measured to its end, and are its rows in the files?  Its entry says so since
 * zg_meta_finish_case(). */
bool zg_meta_case_is_finished(const json_t *meta, int64_t index);
void zg_meta_finish_case(json_t *meta, int64_t index);

/* Adds a case, in place of the one with its index that an interrupted run left. */
void zg_meta_add_case(json_t *meta, json_t *case_meta);

/* Adds a sentence to "notes". */
void zg_meta_note(json_t *meta, const char *text);

#endif
