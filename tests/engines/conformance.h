/*
 * conformance.h - what every engine must do, checked against the double-precision reference.
 *
 * An engine plugs in by name: zg_conformance_run() runs the whole suite on one engine, its
 * settings, dtype, threads and mechanisms.  The groups are in conformance_*.c; test_conformance.c
 * is the program.
 */
#ifndef ZG_TESTS_CONFORMANCE_H
#define ZG_TESTS_CONFORMANCE_H

#include "engines/algorithm/algorithm.h"
#include "engines/zo.h"
#include "tests/support/cunit_run.h"
#include "tests/support/reference.h"

struct zg_conformance {
    const struct zg_engine *engine;
    const struct zg_engine_setting *settings;
    int64_t n_settings;
    enum zg_dtype dtype;
    int64_t n_threads;
    uint32_t mechanisms;
    int64_t n_resident;     /* distinct layers of each model that has so many (model.h); 0: all */
    bool library_allocates; /* its library allocates in every call, and that is documented */
};

/* Runs all groups; the exit code of the program. */
int zg_conformance_run(const struct zg_conformance *subject);

/* ---- for the groups ------------------------------------------------------------------------ */

/* The engine under test.  CUnit's tests take no argument, so the program sets this once. */
extern const struct zg_conformance *zg_conformance_subject;

extern const struct zg_test zg_conformance_scores[];     /* losses and scores of probes */
extern const struct zg_test zg_conformance_next[];       /* the likeliest next token */
extern const struct zg_test zg_conformance_steps[];      /* steps, gradients, weights */
extern const struct zg_test zg_conformance_algorithms[]; /* each algorithm's, and its options' */
extern const struct zg_test zg_conformance_full[];       /* directions of scope full */
extern const struct zg_test zg_conformance_passes[];     /* batches in passes, steps again */
extern const struct zg_test zg_conformance_contract[];   /* limits, NaN, memory, close */

/* An engine and the reference, open on the same synthetic model. */
struct zg_rig {
    const struct zg_engine *engine;
    struct zg_model *model;
    struct zg_engine_state *state;
    struct zg_reference *reference;
    struct zg_model_shape shape;
    struct zg_engine_options options;
    /* Times that weights were written since the reference had the same. */
    int64_t n_writes;
};

/* Opens both with limits that cover every fixture batch, 5 probes, 3 directions, rank 5 and a bank
 * of 12.  A failure is a failed assertion, and false. */
bool zg_rig_open(struct zg_rig *rig, const struct zg_model_shape *shape, uint32_t mechanisms,
                 int64_t n_threads);
/* The same, for directions of these scopes besides (zo.h, limits). */
bool zg_rig_open_for(struct zg_rig *rig, const struct zg_model_shape *shape, uint32_t mechanisms,
                     int64_t n_threads, uint32_t scopes);
/* The same, with what the algorithm needs besides. */
bool zg_rig_open_algorithm(struct zg_rig *rig, const struct zg_model_shape *shape,
                           uint32_t mechanisms, int64_t n_threads,
                           const struct zg_algorithm_choice *choice);
void zg_rig_close(struct zg_rig *rig);
/* Moves both far along a low-rank direction: attention and MLP then are as non-linear as in a
 * trained model, where fresh N(0, 0.02) weights of a small model leave every softmax flat. */
void zg_rig_sharpen(struct zg_rig *rig);

/* Direction of the subject's first low-rank kind. */
struct zg_direction zg_rig_direction(uint64_t seed_u, uint64_t seed_v, int64_t rank);

/* Does the engine perturb weights in place?  Each write then rounds them. */
bool zg_rig_writes(const struct zg_rig *rig);

/* Unit roundoff of the dtype. */
double zg_rig_unit(const struct zg_rig *rig);
/* |loss - reference| that rounding explains; see conformance.c. */
double zg_rig_tolerance(const struct zg_rig *rig, double value);

/* Scores the batch under the probes in both and compares losses, example losses and option scores.
 * `what` is printed where they differ.  Returns whether all agree. */
bool zg_rig_compare(struct zg_rig *rig, const char *what, const struct zg_batch *batch,
                    const struct zg_direction *directions, int64_t n_directions,
                    const struct zg_probe *probes, int64_t n_probes);

/* Largest |engine weight - reference weight| over all tensors, and through *scale (may be NULL) the
 * largest weight. */
double zg_rig_weight_difference(struct zg_rig *rig, double *scale);

/* CU_ASSERT with a message of what and where. */
bool zg_rig_expect(bool condition, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
