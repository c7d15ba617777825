/*
 * bench.h - a case set up to run: model, tokenizer, data, batches, and engines opened on them.
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
#include "harness/bench/models.h"
#include "harness/machine/memory.h"
#include "harness/request/case.h"
#include "harness/request/entry.h"
#include "harness/rows/record.h"
#include "harness/timing/counters.h"
#include "workloads/batch.h"
#include "workloads/dataset.h"

/* What an engine's bank is opened for: the redraws of V of a check and of the fidelity, and the one
 * before timing.  While the clock runs V stays where an engine keeps a bank: measure.h. */
enum { ZG_BENCH_BANK = 16 };

struct zg_phase_clock { /* where the time of a step goes; runs only while on */
    bool on;
    enum zg_phase phase;
    int64_t since_ns;
    double s[ZG_N_PHASES];
    /* What the phases count besides, NULL: nothing.  Reading counters takes microseconds, so s is
     * not to be trusted then.  Borrowed, like counts[ZG_N_PHASES][n_threads][n], added to. */
    struct zg_counters *counters;
    double *counts;
    double cpu_s[ZG_N_PHASES];
    int64_t cpu_since_ns;
};

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
    const struct zg_model *model; /* borrowed */
    struct zg_dataset *dataset;
    struct zg_dataset_stats stats;
    bool embedded_tokenizer;
    int64_t n_batches;
    struct zg_example *examples; /* [n_batches][batch], tokens borrowed from the dataset */
    int32_t pad_id;              /* of all batches, like the loss */
    enum zg_loss loss;
    struct zg_engine_limits limits; /* of all batches and the algorithm's steps */
    double resident_mib;            /* of the process with this case but no engine */
    struct zg_contender contenders[ZG_MAX_ENGINES];
};

/* Opens the data of a case, and its model if no case before had it; `models` must outlive the
 * bench.  ZG_USAGE, ZG_INPUT, ZG_ENV as they say. */
enum zg_status zg_bench_open(struct zg_bench *out, const struct zg_case *c,
                             struct zg_models *models, struct zg_error *err);
/* The same without batches: --batch may exceed the number of examples. */
enum zg_status zg_bench_open_data(struct zg_bench *out, const struct zg_case *c,
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

/* What the weights take at least in an engine, of the resident layers: the linear layers' in these
 * dtypes, a copy for each of two; embedding and head in the first where the engine says so; all
 * others in fp32. */
double zg_bench_weight_bytes(const struct zg_bench *bench, const struct zg_engine *engine,
                             enum zg_dtype dtype, enum zg_dtype dtype_d);

/* ZG_ENV where the weights of entries [n], open at the same time, cannot fit into the memory that
 * is free: better said before the work than ended by the kernel in the middle of it. */
enum zg_status zg_bench_check_memory(const struct zg_bench *bench, const struct zg_entry *entries,
                                     int64_t n, struct zg_error *err);

/* The contender's next step, of the case's algorithm, whose options may be others.  ZG_CHECK: a
 * loss is not finite. */
enum zg_status zg_bench_step(struct zg_contender *contender,
                             const struct zg_algorithm_choice *choice, struct zg_step *out,
                             struct zg_error *err);

/* Counts a redraw if this V is another than the one before: zg_bench_step() does it. */
void zg_bench_note_v(struct zg_contender *contender, uint64_t seed_v);

/* Batch index mod n_batches. */
struct zg_batch zg_bench_batch(const struct zg_bench *bench, uint64_t index);

/* Opens and closes the engine on a model of one small layer, on one thread: whether this machine
 * and build have what the options ask for.  The engine's own status. */
enum zg_status zg_bench_try(const struct zg_engine *engine, const struct zg_engine_options *options,
                            struct zg_error *err);

/* Does the case match its entries [n]: dtype, scope, kind of direction?  Checked before anything is
 * opened. */
enum zg_status zg_bench_check(const struct zg_case *c, const struct zg_entry *entries, int64_t n,
                              struct zg_error *err);

#endif
