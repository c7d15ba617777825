/*
 * compare.h - the same cases in several result directories: each one's times, and what they are
 * against those of the first directory.
 *
 *     struct zg_compare *compare = NULL;
 *     status = zg_compare_make(&compare, sets, n_sets, &options, &err);
 *     status = zg_compare_print(compare, ZG_FORMAT_TABLE, &err);
 *     zg_compare_close(&compare);
 *
 * Two directories have no blocks in common, so nothing pairs their samples: the ratio of times is
 * the Hodges-Lehmann estimate of the shift of log times, its interval the exact Mann-Whitney one
 * (shift.h).  It covers the noise inside both runs.  It does not cover what differed between them
 * (neighbours, frequency, layout of memory): only blocks that alternate, as `zogap gate` runs them,
 * do.  Hence the second ratio: each directory's speed-up over its own baseline, which was paired
 * inside its blocks, and how that speed-up compares with the first directory's.
 */
#ifndef ZG_HARNESS_COMPARE_H
#define ZG_HARNESS_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/rows/table.h"
#include "harness/stats/stats.h"
#include "harness/store/reader.h"

struct zg_compare_options {
    bool common; /* leave out what not every directory has, in place of refusing it */
    struct zg_case_across across; /* what may differ, as threads between two machines */
};

/* An engine on a case in one directory.  Ratios are above 1 where this directory is the faster
 * one; NaN where there is none, as where a check failed; without an interval below 4 samples a
 * side (6 blocks for speedup). */
struct zg_compare_cell {
    const struct zg_result_case *c; /* NULL: the directory has none such; the rest is then NaN */
    struct zg_stats time;           /* seconds a step */
    struct zg_stats over_first;     /* the first directory's time / this one's; 1 in itself */
    struct zg_stats
        speedup; /* its own baseline's time / its, paired in blocks; NaN of the baseline */
    struct zg_stats change;       /* that speed-up / the first directory's */
    struct zg_stats instructions; /* a step */
    struct zg_stats instructions_over_first;
};

struct zg_compare_line {
    int64_t group;                 /* lines of a group are engines on one case */
    struct zg_compare_cell *cells; /* [n_sets]; at least one has a case */
};

enum { ZG_COMPARE_TEXT = 640 };

struct zg_compare {
    const struct zg_result_reader *const *sets; /* [n_sets], borrowed */
    int64_t n_sets;
    struct zg_compare_options options;
    struct zg_compare_line *lines; /* [n_lines], group after group, in the first set's order */
    int64_t n_lines;
    /* [n_sets] in what a set's cases are unlike the first's that no column shows (alike.h): "data
     * fingerprint A and B"; "": in nothing */
    char (*unlike)[ZG_COMPARE_TEXT];
    int64_t n_left_out; /* rows of summary.csv that another directory lacks (options.common) */
    struct zg_compare_cell *cells;
};

/* Of sets[n_sets], n_sets at least 1.  ZG_INPUT, naming the directories and the columns: a case
 * that another directory does not have, the same columns with other batches, nothing in common. */
enum zg_status zg_compare_make(struct zg_compare **out, const struct zg_result_reader *const *sets,
                               int64_t n_sets, const struct zg_compare_options *options,
                               struct zg_error *err);
void zg_compare_close(struct zg_compare **compare); /* NULL and a pointer to NULL are fine */

/* To the standard output: for people a table a case, for programs one of a row an engine, case and
 * directory. */
enum zg_status zg_compare_print(const struct zg_compare *compare, enum zg_format format,
                                struct zg_error *err);

/* What must be known before a ratio is read, in one sentence, malloc'ed: "B differs from A in the
 * kernels (isa in use amx and portable), ...".  `compare` NULL: the cases are not looked at.
 * *unfair: in what was computed, or with which kernels or settings.  NULL: no memory. */
char *zg_compare_sentence(const struct zg_compare *compare,
                          const struct zg_result_reader *const *sets, int64_t n_sets, bool *unfair);

/* "A", "B", ...: what tables for people call the directories. */
const char *zg_compare_letter(int64_t set);

#endif
