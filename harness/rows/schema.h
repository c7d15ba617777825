/*
 * schema.h - the rows of a result directory: one list of columns a file, from which the struct, the
 * CSV header, the writer, the reader and the tables all follow.
 *
 * Units are in the names.  An empty cell means "not available", never 0: NaN for a real,
 * ZG_NO_INTEGER for an integer, NULL or "" for a text.  Flags are integers 0 and 1.  The columns of
 * a version only ever grow at the end; anything else raises ZG_SCHEMA_VERSION, which meta.json
 * carries.  Files of versions before are read as this one's: older_schema.h.
 */
#ifndef ZG_HARNESS_SCHEMA_H
#define ZG_HARNESS_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZG_SCHEMA_VERSION 3
#define ZG_NO_INTEGER     INT64_MIN

enum zg_column_kind { ZG_COLUMN_TEXT, ZG_COLUMN_INTEGER, ZG_COLUMN_REAL };

struct zg_column {
    const char *name;
    enum zg_column_kind kind;
    size_t offset; /* in the row struct */
};

/* A value of a column; as it is initialised, a text, which is borrowed. */
struct zg_cell {
    enum zg_column_kind kind;
    union {
        const char *text;
        int64_t integer;
        double real;
    };
};

struct zg_schema {
    const char *file; /* "summary.csv" */
    const struct zg_column *columns;
    int64_t n_columns;
    size_t row_size;
    bool has_extra; /* more real columns may follow (samples: one a counter event) */
    /* The last column that the first files of this version had: one of those after it may be where
     * an older file ends.  NULL: a file has all. */
    const char *last_at_first;
};

/* What every row but the roofline's starts with: which engine, on which case. */
#define ZG_CASE_COLUMNS(TEXT, INTEGER, REAL)                                                       \
    TEXT(engine) /* as given: "naive:gemm=onednn" */                                               \
    TEXT(model)  /* shape name or directory as given */                                            \
    TEXT(task)                                                                                     \
    TEXT(objective)    /* task, lm-prompt */                                                       \
    TEXT(algorithm)    /* with its options: lozo:rank=2+nu=50+eps=0.001+lr=1e-06 */                \
    TEXT(dtype)        /* fp32, bf16+int8, ... */                                                  \
    TEXT(scope)        /* linear, full */                                                          \
    TEXT(split)        /* train, dev */                                                            \
    INTEGER(batch)     /* examples */                                                              \
    INTEGER(bos)       /* token id, -1: none */                                                    \
    INTEGER(row_limit) /* first rows of the data used; empty: all */                               \
    INTEGER(threads)                                                                               \
    INTEGER(seed)                                                                                  \
    INTEGER(synthetic)       /* 1: synthetic weights: throughput only */                           \
    INTEGER(layers_resident) /* distinct ones, repeated up to the depth; empty: all are */

#define ZG_SAMPLE_COLUMNS(TEXT, INTEGER, REAL)                                                     \
    INTEGER(block)                                                                                 \
    INTEGER(order) /* position inside the block */                                                 \
    INTEGER(steps) /* in this sample's span */                                                     \
    REAL(wall_s_per_step)                                                                          \
    REAL(cpu_s_per_step)  /* all threads */                                                        \
    INTEGER(minor_faults) /* of the span, like the counters that follow */                         \
    INTEGER(major_faults)                                                                          \
    INTEGER(voluntary_switches)                                                                    \
    INTEGER(involuntary_switches)                                                                  \
    /* of fp32 multiply-adds, all threads, beside the span: the mean of just before and after */   \
    REAL(fma_gflops)                                                                               \
    /* a cache line's way between threads, beside the span: the slower of before and after */      \
    REAL(handoff_ns)                                                                               \
    /* 1: the process was stopped meanwhile, or for a tenth of the span none of its threads ran */ \
    INTEGER(disturbed)

#define ZG_PHASE_COLUMNS(TEXT, INTEGER, REAL)                                                      \
    TEXT(phase)                                                                                    \
    REAL(s_per_step)                                                                               \
    REAL(flops_per_step) /* executed */                                                            \
    REAL(bytes_per_step) /* least traffic of the executed work */                                  \
    /* of steps of their own, empty where the events do not count: counters_derived.h */           \
    REAL(instructions_per_cycle)                                                                   \
    REAL(ghz)                                                                                      \
    REAL(bytes_per_flop)      /* of memory, as counted */                                          \
    INTEGER(counts_estimated) /* 1: of multiplexed counts; 0: not; empty: nothing is derived */

#define ZG_SUMMARY_COLUMNS(TEXT, INTEGER, REAL)                                                    \
    INTEGER(n) /* samples: one a block */                                                          \
    REAL(wall_s_per_step_median)                                                                   \
    REAL(wall_s_per_step_mad)                                                                      \
    REAL(wall_s_per_step_ci_low) /* exact 95 % interval of the median; empty below 6 samples */    \
    REAL(wall_s_per_step_ci_high)                                                                  \
    TEXT(baseline) /* the engine that speedup is against */                                        \
    REAL(speedup)  /* median over blocks of baseline time / this time; empty if not verified */    \
    REAL(speedup_ci_low)                                                                           \
    REAL(speedup_ci_high)                                                                          \
    REAL(useful_flops_per_step)                                                                    \
    REAL(executed_flops_per_step)                                                                  \
    REAL(gflops_useful) /* useful_flops_per_step / wall_s_per_step_median / 1e9 */                 \
    REAL(gflops_executed)                                                                          \
    REAL(peak_gflops) /* measured peak of peak_dtype, all threads, in the same run */              \
    REAL(peak_share)  /* gflops_useful / peak_gflops */                                            \
    REAL(executed_peak_share)                                                                      \
    REAL(peak_rss_mib)        /* of open and first step, less what others hold */                  \
    INTEGER(verified)         /* 1: agrees with the reference; 0: does not; empty: not checked */  \
    INTEGER(extrapolated)     /* 1: from a part of the model's layers */                           \
    INTEGER(steps)            /* in a sample's span: the same ones in every block */               \
    INTEGER(layers)           /* the model's depth */                                              \
    REAL(rows_per_pass)       /* token rows of one pass through the body, padding included */      \
    TEXT(peak_dtype)          /* the engine's dtype; of a pair half the work counts in each */     \
    INTEGER(fidelity_probes)  /* that L+ - L- was held against fp32 on; empty: not measured */     \
    REAL(fidelity_rms)        /* rms of its error / rms in fp32 */                                 \
    REAL(fidelity_sign)       /* share of equal signs, 0 to 1 */                                   \
    REAL(fidelity_sign_large) /* the same where |L+ - L-| is at least 0.005 in fp32 */             \
    INTEGER(fidelity_large_probes) /* how many those are */                                        \
    TEXT(second_baseline) /* one more engine that speed-ups are told against; empty: none */       \
    REAL(second_speedup)                                                                           \
    REAL(second_speedup_ci_low)                                                                    \
    REAL(second_speedup_ci_high)                                                                   \
    /* median over blocks of useful FLOP/s over the peak as the samples' fma_gflops scale it */    \
    REAL(peak_share_then)                                                                          \
    REAL(instructions_per_cycle) /* median over blocks, as the next two: counters_derived.h */     \
    REAL(ghz)                                                                                      \
    REAL(bytes_per_flop)      /* of memory, as counted */                                          \
    INTEGER(counts_estimated) /* 1: of multiplexed counts; 0: not; empty: nothing is derived */    \
    INTEGER(n_disturbed)      /* samples of the n that are disturbed */                            \
    REAL(lr_effective)        /* of lr, with no schedule: engines/algorithm/algorithm.h */

/* What an event counted in a phase, or in the whole step, of one thread or of all. */
#define ZG_COUNT_COLUMNS(TEXT, INTEGER, REAL)                                                      \
    TEXT(phase)          /* step: all of it, over the samples; else over the steps of a pass */    \
    INTEGER(thread)      /* of the team; empty: all together */                                    \
    TEXT(event)          /* as PAPI has it */                                                      \
    REAL(count_per_step) /* empty: the event did not count all the time */                         \
    INTEGER(multiplexed) /* 1: an estimate */                                                      \
    INTEGER(steps)       /* that it is the mean of */

#define ZG_VERIFY_COLUMNS(TEXT, INTEGER, REAL)                                                     \
    TEXT(reference) /* the engine compared against */                                              \
    INTEGER(steps)                                                                                 \
    REAL(loss_difference_max) /* absolute, over probes and steps */                                \
    REAL(loss_tolerance)                                                                           \
    REAL(gradient_relative_error) /* of the projected gradient: rms difference / rms reference */  \
    REAL(gradient_tolerance)                                                                       \
    REAL(gradient_sign_match)   /* share of steps, 0 to 1 */                                       \
    REAL(weight_difference_max) /* absolute, after the steps; empty if not compared */             \
    REAL(weight_tolerance)                                                                         \
    INTEGER(passed)                                                                                \
    TEXT(reason) /* why not; empty if passed */                                                    \
    /* bench/direction_check.h, in `verify` alone; empty where it did not come to it */            \
    REAL(direction_correlation) /* of what an update moved with what was announced; least */       \
    REAL(direction_overlap)     /* correlation of what must be unrelated; largest */               \
    REAL(probe_difference)      /* loss at a probe less that after an update as far */             \
    REAL(inverse_difference)    /* of weights after a step and its inverse; largest */

#define ZG_FIDELITY_COLUMNS(TEXT, INTEGER, REAL)                                                   \
    INTEGER(probe)                                                                                 \
    INTEGER(seed_u) /* of the probe's direction */                                                 \
    REAL(dl)        /* L+ - L- of the engine */                                                    \
    REAL(dl_reference)

#define ZG_CURVE_COLUMNS(TEXT, INTEGER, REAL)                                                      \
    INTEGER(step)      /* steps done; the row's losses are of the last of them */                  \
    REAL(epoch)        /* rows drawn over rows of the training split */                            \
    REAL(loss_plus)    /* at the step's first probe: the batch's loss */                           \
    REAL(loss_minus)   /* at its second */                                                         \
    REAL(c)            /* projected gradient, of the first direction */                            \
    REAL(lr)           /* of that step, its schedule in it */                                      \
    REAL(lr_effective) /* step along a unit-variance direction for a unit difference of losses */  \
    INTEGER(forwards)  /* of training batches so far, one a probe */                               \
    REAL(wall_s)       /* of this engine's steps so far, evaluations not in it */                  \
    TEXT(rows_xxh3)    /* of the ids of all rows drawn so far, in their order */                   \
    TEXT(eval_split)   /* what is evaluated: dev; eval at the end; empty: nothing */               \
    REAL(eval_loss)    /* clean, mean over its examples */                                         \
    REAL(eval_metric)  /* the task's, 0 to 1 */                                                    \
    REAL(eval_wall_s)  /* that the evaluation took */

/* An engine at the end of a training, and how it agrees with the first. */
#define ZG_TRAIN_COLUMNS(TEXT, INTEGER, REAL)                                                      \
    INTEGER(steps)                                                                                 \
    REAL(epochs)                                                                                   \
    INTEGER(forwards)                                                                              \
    REAL(wall_s) /* of its steps */                                                                \
    REAL(wall_s_per_step)                                                                          \
    TEXT(ended)  /* by: steps, time, forwards, interrupted, failed */                              \
    TEXT(metric) /* accuracy, ... */                                                               \
    INTEGER(train_rows)                                                                            \
    INTEGER(dev_rows)                                                                              \
    INTEGER(eval_rows)                                                                             \
    REAL(dev_loss_first) /* before the first step */                                               \
    REAL(dev_metric_first)                                                                         \
    REAL(dev_loss_last)                                                                            \
    REAL(dev_metric_last)                                                                          \
    REAL(dev_loss_best)                                                                            \
    INTEGER(dev_loss_best_step)                                                                    \
    REAL(dev_metric_best)                                                                          \
    INTEGER(dev_metric_best_step)                                                                  \
    REAL(eval_loss) /* of the eval split, after the last step */                                   \
    REAL(eval_metric)                                                                              \
    REAL(target)         /* --target, of the dev metric */                                         \
    INTEGER(target_step) /* first evaluation that reached it; empty: none did */                   \
    INTEGER(target_forwards)                                                                       \
    REAL(target_wall_s)                                                                            \
    TEXT(rows_xxh3)    /* of all rows drawn */                                                     \
    TEXT(weights_xxh3) /* of the weights after the last step */                                    \
    TEXT(reference) /* the first engine, which all that follows is against; empty: other rows */   \
    REAL(speedup)   /* median over blocks of steps of its time / this time */                      \
    REAL(speedup_ci_low)                                                                           \
    REAL(speedup_ci_high)                                                                          \
    REAL(target_speedup) /* its target_wall_s / this one, once */                                  \
    INTEGER(compared_steps)                                                                        \
    REAL(sign_match)           /* share of them in which c has the same sign */                    \
    INTEGER(high_signal_steps) /* abs(L+ - L-) of the reference is 0.005 or more */                \
    REAL(sign_match_high_signal)                                                                   \
    REAL(c_error)              /* rms difference of c over the rms of the reference's */           \
    REAL(loss_difference_max)  /* of L+ and L-, over all steps */                                  \
    REAL(loss_difference_last) /* of L+, in the last step that both have */

/* A rung of a ladder, or the runtime with something left out. */
#define ZG_LADDER_COLUMNS(TEXT, INTEGER, REAL)                                                     \
    TEXT(kind) /* ladder, leave-one-out */                                                         \
    INTEGER(rung)                                                                                  \
    TEXT(name)            /* loop, runtime, adapter, ...; loop, full, -adapter, ... */             \
    TEXT(previous)        /* what ratio is against: the last timed one before; or full */          \
    TEXT(mechanisms)      /* more than previous has; leaving one out, fewer; joined by + */        \
    TEXT(label)           /* what that does, for people */                                         \
    INTEGER(dense_writes) /* of all perturbed weights, a step */                                   \
    INTEGER(paper_has)    /* 1: so does the paper's runtime; empty: no mechanism */                \
    INTEGER(n)            /* samples: one a block */                                               \
    REAL(wall_s_per_step_median)                                                                   \
    REAL(previous_wall_s_per_step_median)                                                          \
    REAL(ratio) /* previous time / this, fitted over all blocks; leaving one out: this / full */   \
    REAL(ratio_ci_low) /* of the median over blocks of the paired ratio */                         \
    REAL(ratio_ci_high)                                                                            \
    REAL(speedup) /* median over blocks of the loop's time / this */                               \
    REAL(speedup_ci_low)                                                                           \
    REAL(speedup_ci_high)                                                                          \
    REAL(gap_share)   /* log(ratio) / log(product of ratios); they add to 1 */                     \
    INTEGER(verified) /* 1: agrees with the loop; 0: does not, and is not timed */

/* Of the machine, not of a case: no case columns. */
#define ZG_ROOFLINE_COLUMNS(TEXT, INTEGER, REAL)                                                   \
    TEXT(quantity) /* peak, read, copy */                                                          \
    TEXT(dtype)    /* of a peak: fp32, bf16, int8 */                                               \
    TEXT(isa)      /* of the loop that ran */                                                      \
    INTEGER(threads)                                                                               \
    REAL(value)          /* best repeat; empty: see reason */                                      \
    REAL(median)         /* over the repeats */                                                    \
    TEXT(unit)           /* GFLOP/s; GB/s, for copy the bytes read and the bytes written */        \
    INTEGER(array_bytes) /* that read and copy go through */                                       \
    TEXT(reason)         /* why there is no value */

#define ZG_FIELD_TEXT(name)    const char *name;
#define ZG_FIELD_INTEGER(name) int64_t name;
#define ZG_FIELD_REAL(name)    double name;
#define ZG_FIELDS(LIST)        LIST(ZG_FIELD_TEXT, ZG_FIELD_INTEGER, ZG_FIELD_REAL)
struct zg_case_row {
    ZG_FIELDS(ZG_CASE_COLUMNS)
};
/* The case is first, so that whoever reads rows of any schema reads it there. */
struct zg_sample_row {
    struct zg_case_row id;
    ZG_FIELDS(ZG_SAMPLE_COLUMNS)
};
struct zg_phase_row {
    struct zg_case_row id;
    ZG_FIELDS(ZG_PHASE_COLUMNS)
};
struct zg_count_row {
    struct zg_case_row id;
    ZG_FIELDS(ZG_COUNT_COLUMNS)
};
struct zg_summary_row {
    struct zg_case_row id;
    ZG_FIELDS(ZG_SUMMARY_COLUMNS)
};
struct zg_verify_row {
    struct zg_case_row id;
    ZG_FIELDS(ZG_VERIFY_COLUMNS)
};
struct zg_fidelity_row {
    struct zg_case_row id;
    ZG_FIELDS(ZG_FIDELITY_COLUMNS)
};
struct zg_curve_row {
    struct zg_case_row id;
    ZG_FIELDS(ZG_CURVE_COLUMNS)
};
struct zg_train_row {
    struct zg_case_row id;
    ZG_FIELDS(ZG_TRAIN_COLUMNS)
};
struct zg_ladder_row {
    struct zg_case_row id;
    ZG_FIELDS(ZG_LADDER_COLUMNS)
};
struct zg_roofline_row {
    ZG_FIELDS(ZG_ROOFLINE_COLUMNS)
};
#undef ZG_FIELDS
#undef ZG_FIELD_TEXT
#undef ZG_FIELD_INTEGER
#undef ZG_FIELD_REAL

/* "samples.csv", struct zg_sample_row, has_extra */
extern const struct zg_schema zg_schema_samples;
extern const struct zg_schema zg_schema_phases;
extern const struct zg_schema zg_schema_counts;
extern const struct zg_schema zg_schema_summary;
extern const struct zg_schema zg_schema_verify;
extern const struct zg_schema zg_schema_fidelity;
extern const struct zg_schema zg_schema_curve;
extern const struct zg_schema zg_schema_train;
extern const struct zg_schema zg_schema_ladder;
extern const struct zg_schema zg_schema_roofline;

/* The value of a column in a row struct, read and set. */
struct zg_cell zg_row_cell(const struct zg_column *column, const void *row);
void zg_row_set_cell(const struct zg_column *column, void *row, const struct zg_cell *cell);

/* A NULL text, ZG_NO_INTEGER, a real that is NaN or infinite. */
bool zg_cell_is_empty(const struct zg_cell *cell);

/* Fills a row of the schema with "not available". */
void zg_row_clear(const struct zg_schema *schema, void *row);

#endif
