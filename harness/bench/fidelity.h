/*
 * fidelity.h - how true a low precision keeps L+ - L-, the only thing that a zeroth-order step
 * takes from the model, and a small difference of large numbers.
 *
 *     status = zg_fidelity_open(&set, &bench, entries, n, &options, &err);
 *     status = zg_fidelity_references(set, &err);                 // before any engine is open
 *     ... for each engine: open it, then, before its first step ...
 *     status = zg_fidelity_measure(set, index, &err);
 *     result = zg_fidelity_result(set, index);
 *     zg_fidelity_close(&set);
 *
 * A probe is the pair of losses at +eps and -eps along one direction: each probe has a U and
 * examples of its own, four V take turns at most, and nothing is updated.  The reference has the
 * same probes in fp32: the same engine with its default mechanisms, or, where it has no fp32, the
 * runtime (ZG_ROLE_RUNTIME); also where it is a loop, which is slow, if the runtime and the loop
 * agree to 1e-4 (relative rms) in 24 of the probes.  It is open for this alone, before the others
 * are, and not where its weights would not fit into the memory that is free.
 *
 * Bounds, relative rms error and sign match: what a precision is expected to keep where probes are
 * centred.  bf16 1.5e-2 and 99.5 %; of a pair of which one is int8 2.5e-2 and 99 %; int8 6e-2 and
 * 98 %.  Tables show what exceeds them; no run fails for it.
 */
#ifndef ZG_HARNESS_FIDELITY_H
#define ZG_HARNESS_FIDELITY_H

#include <jansson.h>

#include "harness/base/status_line.h"
#include "harness/bench/bench.h"
#include "harness/store/writer.h"

/* A probe counts as large from here on: arXiv:2605.28760. */
#define ZG_FIDELITY_LARGE 0.005

struct zg_fidelity_options {
    int64_t n_probes;            /* 0: nothing is measured */
    int64_t n_examples;          /* in the batch of a probe, at most those of the case's batches */
    struct zg_status_line *line; /* NULL: no progress */
};

struct zg_fidelity_result {
    int64_t n_probes;
    double rms;        /* rms of the error over rms of the reference */
    double sign;       /* share of equal signs */
    double sign_large; /* that where the reference is large; NaN: it never is */
    int64_t n_large;
};

struct zg_fidelity_set;

/* Of those of entries [n] that are below fp32; bench and entries are borrowed until close.  The set
 * is there, and harmless, also where nothing is measured. */
enum zg_status zg_fidelity_open(struct zg_fidelity_set **out, struct zg_bench *bench,
                                const struct zg_entry *entries, int64_t n,
                                const struct zg_fidelity_options *options, struct zg_error *err);
void zg_fidelity_close(struct zg_fidelity_set **set); /* NULL and a pointer to NULL are fine */

/* Opens each reference in contenders[0], probes it and closes it.  An engine whose reference cannot
 * be had is not measured; zg_fidelity_json() says why. */
enum zg_status zg_fidelity_references(struct zg_fidelity_set *set, struct zg_error *err);

/* Probes contenders[index], open and without a step so far, if it is to be measured. */
enum zg_status zg_fidelity_measure(struct zg_fidelity_set *set, int64_t index,
                                   struct zg_error *err);

/* n_probes 0 where it was not measured. */
struct zg_fidelity_result zg_fidelity_result(const struct zg_fidelity_set *set, int64_t index);

/* Rows of fidelity.csv: one a probe. */
enum zg_status zg_fidelity_add_rows(const struct zg_fidelity_set *set, int64_t index,
                                    struct zg_result_writer *results, struct zg_error *err);

/* Tells in a line what the measurement took, and in one each what could not be measured; nothing
 * where no engine is below fp32. */
void zg_fidelity_tell(const struct zg_fidelity_set *set, FILE *out);

/* Examples, references, seconds, and why what is missing was not measured; null where no engine is
 * below fp32. */
json_t *zg_fidelity_json(const struct zg_fidelity_set *set);

/* ---- the rules, alone ------------------------------------------------------------------------ */

struct zg_fidelity_result zg_fidelity_compare(const double *dl, const double *reference, int64_t n);

#endif
