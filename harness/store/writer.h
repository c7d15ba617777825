/*
 * writer.h - the CSV files of a run while it grows: samples at once, the others rewritten whole
 * after each case.
 *
 * A case is finished when summary.csv has its rows: it is written last.  Resuming keeps the rows of
 * finished cases, and of a case that was cut off the samples of whole blocks (block_plan.h); it
 * drops the others', so no sample appears twice.
 */
#ifndef ZG_HARNESS_WRITER_H
#define ZG_HARNESS_WRITER_H

#include "harness/rows/case_row.h"
#include "harness/rows/csv_in.h"
#include "harness/rows/csv_out.h"
#include "harness/rows/row_list.h"
#include "harness/rows/schema.h"

enum { ZG_WRITER_FILES = 5 }; /* that are kept in memory */

struct zg_result_writer {
    const char *dir;
    struct zg_csv_out *samples;
    struct zg_row_list summary, phases, verify, fidelity, counts;
    struct zg_csv_in *old_samples; /* of a resumed run; NULL: there were none */
};

/* What a run that goes on keeps: the rows of the summary's cases but those that were cut off, and
 * of those whole blocks. */
struct zg_result_resume {
    bool (*was_cut_off)(const void *context, const struct zg_case_row *c);
    /* If c is of a case that was cut off and had a plan: how many blocks, else 0; and rows[n_rows]
     * are of its case and each engine that was to be timed. */
    int64_t (*n_planned)(const void *context, const struct zg_case_row *c,
                         struct zg_case_row rows[ZG_MAX_ENGINES], int64_t *n_rows);
    const void *context;
};

/* Opens the files of a new run, or of one that goes on.  extra_names are samples.csv's counter
 * columns; resume is NULL for a new run.  ZG_INPUT, ZG_ENV as csv_in.h and csv_out.h. */
enum zg_status zg_result_writer_open(struct zg_result_writer *out, const char *dir,
                                     const struct zg_result_resume *resume,
                                     const char *const *extra_names, int64_t n_extra,
                                     struct zg_error *err);
void zg_result_writer_close(struct zg_result_writer *writer);

/* Has the summary a row of this engine on this case? */
bool zg_result_writer_has_case(const struct zg_result_writer *writer, const struct zg_case_row *c);

/* Adds a row to summary, phases, verify, fidelity or counts; its schema says which.  Texts are
 * copied. */
enum zg_status zg_result_writer_add(struct zg_result_writer *writer, const struct zg_schema *schema,
                                    const void *row, struct zg_error *err);

/* Rewrites verify.csv, fidelity.csv and counters.csv if they have rows, phases.csv and, last,
 * summary.csv. */
enum zg_status zg_result_writer_write(struct zg_result_writer *writer, struct zg_error *err);

#endif
