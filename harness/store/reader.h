/*
 * reader.h - a result directory read back and checked, its samples grouped by engine and case:
 * what compare, gate and report work on.
 *
 *     struct zg_result_reader *reader = NULL;
 *     status = zg_result_reader_open(&reader, "results/x", &err);
 *     for (int64_t i = 0; i < reader->n_cases; i++)
 *         use(&reader->cases[i].id, reader->cases[i].wall_s, reader->cases[i].n);
 *     zg_result_reader_close(&reader);
 *
 * Reads meta.json, samples.csv, summary.csv and verify.csv.  What could not be trusted is
 * refused, with a message that names the file: a file that is absent, empty or has a header only,
 * another schema version, a time that is not positive, a block or a row that is there twice, a
 * case of which samples are missing altogether.  What a killed run leaves behind is dropped, with a
 * sentence in `warnings`: a torn last row, samples of a case that summary.csv does not have.
 *
 * Nothing is judged here: engines that disagreed, one block, warnings of the machine are facts for
 * the caller.
 */
#ifndef ZG_HARNESS_READER_H
#define ZG_HARNESS_READER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "engines/error.h"
#include "harness/rows/case_row.h"

/* A counter column of this name is what instructions a span took: such a row may lack its time. */
#define ZG_INSTRUCTIONS_COLUMN "instructions"

/* One engine on one case: a row of summary.csv.  Pointers live as long as the reader. */
struct zg_result_case {
    struct zg_case_row id; /* compare with case_row.h */
    const struct zg_summary_row *summary;
    const struct zg_verify_row *verify; /* NULL: verify.csv has no row of it */
    const json_t *meta;                 /* the case's entry in meta.json; NULL: it has none */
    int64_t group;                      /* engines of a group took turns in the same blocks */
    int64_t verified;     /* 1 agrees, 0 does not, ZG_NO_INTEGER: nothing to compare with */
    int64_t n;            /* samples, one a block; 0: was not timed */
    const int64_t *block; /* [n], ascending */
    const int64_t *steps; /* [n] in the span, at least 1 */
    /* [n] seconds a step, finite and positive; NaN where there are only instructions */
    const double *wall_s;
    const double *counters; /* [n][n_counters] a step; NaN: an empty cell */
};

/* What meta.json says, as far as it says it: a text is NULL, a number NaN or ZG_NO_INTEGER where it
 * does not.  The rest is in `json`. */
struct zg_result_meta {
    json_t *json;
    const char *command; /* run, ladder */
    const char *status;  /* complete, interrupted, running (killed), failed */
    const char *version, *git;
    const char *started_utc;
    const char *baseline; /* label of the engine that speed-ups are against */
    const char *cpu_name;
    const char *isa;
    int64_t threads;
    double fp32_gflops, bf16_gflops, int8_gflops, read_gb_per_s; /* measured peaks, all threads */
    const json_t *warnings; /* array of sentences: what would explain a difference; or NULL */
};

struct zg_result_reader {
    char *dir; /* as given */
    struct zg_result_meta meta;
    /* [n_cases], at least one unless opened for meta.json alone, in the order of summary.csv:
     * summary[0] .. of the first are its rows in one array */
    struct zg_result_case *cases;
    int64_t n_cases;
    const char *const *counter_names; /* [n_counters]: columns of samples.csv */
    int64_t n_counters;
    bool torn;       /* a torn last row was dropped: a run that was killed, or a damaged file */
    char **warnings; /* [n_warnings] sentences that name the file */
    int64_t n_warnings;
    struct zg_result_files *files; /* private: what the pointers point into */
};

/* ZG_INPUT: the directory or a file in it is not as above.  ZG_ENV: no memory. */
enum zg_status zg_result_reader_open(struct zg_result_reader **out, const char *dir,
                                     struct zg_error *err);
/* meta.json alone, n_cases 0: of a directory that has no engine's times, as one of peaks. */
enum zg_status zg_result_reader_open_meta(struct zg_result_reader **out, const char *dir,
                                          struct zg_error *err);
/* NULL and a pointer to NULL are fine. */
void zg_result_reader_close(struct zg_result_reader **reader);

/* The engine on the case, NULL if the reader has none such. */
const struct zg_result_case *zg_result_reader_find(const struct zg_result_reader *reader,
                                                   const struct zg_case_row *id);

/* The engine that the run held this one against: its summary's baseline, in its group.  NULL: the
 * reader has none such. */
const struct zg_result_case *zg_result_reader_baseline(const struct zg_result_reader *reader,
                                                       const struct zg_result_case *c);

/* ratios[i] = a's time / b's in each block that both have, for two engines of a group; returns how
 * many there are, at most the lesser n.  NaN where a block lacks a time. */
int64_t zg_result_case_ratios(const struct zg_result_case *a, const struct zg_result_case *b,
                              double *ratios);

/* Index of a counter column, -1 if there is none. */
int64_t zg_result_reader_counter(const struct zg_result_reader *reader, const char *name);

/* In which columns do two differ that must be timed on the same work?  As
 * zg_case_row_differences(), and where both were timed also the steps of a sample and the useful
 * FLOPs of a step: other batches or other data under the same names. */
int64_t zg_result_case_differences(const struct zg_result_case *a, const struct zg_result_case *b,
                                   const struct zg_case_across *across, char *text, size_t size);

#endif
