/*
 * case_row.h - are two rows of the same case, and if not, in which columns do they differ?
 *
 * The options in the column `algorithm` are told one by one, as if each were a column.
 */
#ifndef ZG_HARNESS_CASE_ROW_H
#define ZG_HARNESS_CASE_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/rows/schema.h"

enum { ZG_MAX_ENGINES = 16 }; /* of a run */

enum { ZG_MAX_ACROSS_OPTIONS = 16 };

/* What may differ between rows of the same case, as threads between machines; all 0: nothing. */
struct zg_case_across {
    uint64_t columns;                           /* bit i: case column i */
    const char *options[ZG_MAX_ACROSS_OPTIONS]; /* [n_options] of the algorithm; borrowed */
    int64_t n_options;
};

/* Are these rows of one engine and one case?  Whether weights are synthetic follows from the
 * model. */
bool zg_case_row_same(const struct zg_case_row *a, const struct zg_case_row *b);
bool zg_case_row_same_across(const struct zg_case_row *a, const struct zg_case_row *b,
                             const struct zg_case_across *across);

/* The same but for the engine and its dtype: may the two be timed against each other?  Here and
 * below, `across` NULL: nothing may differ. */
bool zg_case_row_same_work(const struct zg_case_row *a, const struct zg_case_row *b,
                           const struct zg_case_across *across);

/* Rows of one case follow each other; an engine that comes again does so in the next case, as in a
 * sweep over --dtype.  Where the case that begins at rows[begin] of rows[n] ends. */
int64_t zg_case_rows_end(const struct zg_summary_row *rows, int64_t n, int64_t begin);

/* Writes the columns but engine and dtype in which the two differ, with both values, into
 * text[size]: "rank 2 and 4, threads 2 and 4"; an empty cell is "none".  Cut to fit; NULL is fine.
 * Returns how many there are; 0 gives "". */
int64_t zg_case_row_differences(const struct zg_case_row *a, const struct zg_case_row *b,
                                const struct zg_case_across *across, char *text, size_t size);

/* The case columns by number, in the order of the rows: how many, and which has the name (-1:
 * none). */
int64_t zg_case_n_columns(void);
int64_t zg_case_column_find(const char *name);

/* The value as text, "none" of an empty one; in text[size] where it is a number. */
const char *zg_cell_show(const struct zg_cell *cell, char *text, size_t size);

/* Adds "NAME A and B" to text[size], which may be NULL, where a and b differ; returns 1 then. */
int64_t zg_difference_add(char *text, size_t size, const char *name, const char *a, const char *b);

/* NULL and "" are the same text: an empty cell. */
bool zg_cell_same_text(const char *a, const char *b);

#endif
