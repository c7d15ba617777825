/*
 * bench.h - a case set up to run: its data (data.h), and engines opened on them, each ready for the
 * next step.
 *
 *     struct zg_bench bench;
 *     status = zg_bench_open(&bench, &c, &models, &err);                      // model and data
 *     status = zg_bench_open_engine(&bench, 0, &entry, &err);                     // one contender
 *     status = zg_bench_step(&bench.contenders[0], &choice, &step, &err);         // its next step
 *     zg_bench_close(&bench);
 *
 * Step t has the same batch and the same directions for every contender, unless a caller sets which
 * batch comes next.  Batches are drawn before any clock runs.  Nothing here knows of timing policy
 * or files.
 */
#ifndef ZG_HARNESS_BENCH_H
#define ZG_HARNESS_BENCH_H

#include "engines/algorithm/step.h"
#include "harness/bench/data.h"
#include "harness/bench/phase_clock.h"
#include "harness/machine/memory.h"
#include "harness/request/entry.h"
#include "harness/rows/schema.h"

struct zg_contender {
    const struct zg_bench *bench;
    const struct zg_engine_item *item;
    struct zg_engine_options options; /* the entry's, with limits and phases */
    struct zg_case_row id;            /* the case columns of its rows */
    struct zg_engine_state *state;    /* NULL: not open */
    uint64_t next_step;               /* numbers the directions */
    uint64_t next_batch;              /* as next_step, unless the caller sets it */
    double *memory;                   /* what the algorithm remembers; NULL: nothing */
    uint64_t seed_v;                  /* of the V announced last */
    int64_t n_redraws;                /* of V since open, the first included */
    struct zg_phase_clock clock;
    struct zg_memory_mark mark; /* taken before it was opened */
    double peak_rss_mib;        /* NaN: not known */
};

struct zg_bench {
    struct zg_case c;
    struct zg_data data;
    double resident_mib; /* of the process with this case but no engine */
    struct zg_contender contenders[ZG_MAX_ENGINES];
};

/* Opens the data of a case and draws its batches; as data.h. */
enum zg_status zg_bench_open(struct zg_bench *out, const struct zg_case *c,
                             struct zg_models *models, struct zg_error *err);
/* Closes engines and data.  Fine on a bench that failed to open or is all zero. */
void zg_bench_close(struct zg_bench *bench);

/* Opens contenders[index], which borrows what the entry borrows, and notes the memory from here on:
 * the caller runs the first step and then calls zg_bench_note_memory(). */
enum zg_status zg_bench_open_engine(struct zg_bench *bench, int64_t index,
                                    const struct zg_entry *entry, struct zg_error *err);
void zg_bench_close_engine(struct zg_contender *contender);
/* Sets peak_rss_mib: what the process would have needed with this engine alone, that is, the
 * high-water mark since its open() less the resident memory that other engines held by then. */
void zg_bench_note_memory(struct zg_contender *contender);

/* The contender's next step, of the case's algorithm, whose options may be others.  ZG_CHECK: a
 * loss is not finite. */
enum zg_status zg_bench_step(struct zg_contender *contender,
                             const struct zg_algorithm_choice *choice, struct zg_step *out,
                             struct zg_error *err);

#endif
