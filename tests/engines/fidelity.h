/*
 * fidelity.h - how true L+ - L- is: the same probes in an engine and in something more exact.
 *
 * L+ - L- is the only thing that a zeroth-order step takes from the model, and it is a small
 * difference of large numbers.  A set is a model and many probes pairs, each of a direction of its
 * own on a batch of its own; the truth is the double-precision reference, or fp32 where that is
 * checked against the reference and the reference is too slow.
 */
#ifndef ZG_TESTS_FIDELITY_H
#define ZG_TESTS_FIDELITY_H

#include "engines/zo.h"
#include "tests/support/fixtures.h"

enum { ZG_FIDELITY_PAIRS = 200 };

struct zg_fidelity_set {
    const struct zg_model *model; /* borrowed */
    struct zg_batch batches[ZG_FIDELITY_PAIRS];
    struct zg_fixture_random *random[ZG_FIDELITY_PAIRS]; /* of batches of random examples, or */
    struct zg_example *examples;                         /* of batches of windows of a text */
    struct zg_option *options;
};

/* Batches of SST-2's lengths, random tokens, two one-token options; at least 17 tokens. */
void zg_fidelity_open_random(struct zg_fidelity_set *set, const struct zg_model *model,
                             int64_t n_examples);
/* Language-model batches: windows of the text, each at a random place. */
void zg_fidelity_open_text(struct zg_fidelity_set *set, const struct zg_model *model,
                           const int32_t *text, int64_t n_text, int64_t n_examples,
                           int64_t n_window);
void zg_fidelity_close(struct zg_fidelity_set *set);

/* Defaults for an engine and dtypes of m and d, limits that cover the set. */
struct zg_engine_options zg_fidelity_options(const struct zg_fidelity_set *set,
                                             const struct zg_engine *engine, enum zg_dtype dtype,
                                             enum zg_dtype dtype_d);

/* L+ - L- of the first n pairs: rank 2, coefficients +-1e-3, V redrawn every 50 pairs. */
enum zg_status zg_fidelity_engine(const struct zg_fidelity_set *set, const struct zg_engine *engine,
                                  const struct zg_engine_options *options, int64_t n, double *delta,
                                  struct zg_error *err);
/* The same from the reference, on two threads. */
void zg_fidelity_reference(const struct zg_fidelity_set *set, int64_t n, double *delta);

struct zg_fidelity {
    double rms;        /* rms of the error over rms of the truth */
    double sign;       /* share of equal signs */
    double sign_large; /* that among |L+ - L-| >= 0.005, the paper's rule (arXiv:2605.28760) */
    int64_t n_large;
};
struct zg_fidelity zg_fidelity_compare(const double *delta, const double *truth, int64_t n);

#endif
