/* trial.h - a measurement of null engines on a tiny model, and what it gave. */
#ifndef ZG_TESTS_HARNESS_TRIAL_H
#define ZG_TESTS_HARNESS_TRIAL_H

#include <math.h>
#include <string.h>

#include "harness/run/measure.h"
#include "tests/harness/null_engine.h"
#include "tests/support/cunit_run.h"
#include "tests/support/temp_dir.h"

struct trial {
    char out[64];
    char *model_dir;
    struct zg_request request;
    struct zg_session session;
    struct zg_result_writer results;
    struct zg_peak peak;
    struct zg_counters *counters; /* NULL: none */
    struct zg_measurement m;
    char *told; /* [n_told] its notes */
    size_t n_told;
    struct zg_error err;
    enum zg_status status;
};

/* Batch 2, 8 blocks of one step, one thread; no engine as yet. */
void trial_open(struct trial *t);
void trial_close(struct trial *t);
/* An option of the case beside those, before trial_measure(). */
void trial_set(struct trial *t, const char *name, const char *value);

/* One more null engine, "null0", "null1", ...; settings are "key", "value" pairs, NULL at the
 * end. */
void trial_add(struct trial *t, const char *const *settings);
#define ADD(...) trial_add(&t, (const char *const[]){__VA_ARGS__})

/* Makes the case and its entries of what was set and added: trial_measure() does it too. */
void trial_resolve(struct trial *t);
/* The one case; t->status has how it ended. */
void trial_measure(struct trial *t);

/* Of the case in meta.json. */
const json_t *trial_case_meta(const struct trial *t, const char *key);
/* Rows of the engine at `index`. */
const struct zg_summary_row *trial_summary(const struct trial *t, int64_t index);
const struct zg_verify_row *trial_verdict(const struct trial *t, int64_t index);
/* Rows of samples.csv, which the caller closes. */
struct zg_csv_in *trial_samples(struct trial *t);
int64_t trial_n_samples(struct trial *t);

#endif
