/*
 * manifest.h - what meta.json says of a run: which build, command line, engines, machine and
 * libraries, and of each case its model, data and batches.
 */
#ifndef ZG_HARNESS_MANIFEST_H
#define ZG_HARNESS_MANIFEST_H

#include <jansson.h>

#include "harness/bench/batch_set.h"
#include "harness/bench/bench.h"
#include "harness/run/session.h"

/* The document of a session that has begun: schema, build, command line, options, engines, machine,
 * pins, libraries. NULL: no memory. */
json_t *zg_manifest_open(const struct zg_session *session, const char *command);

/* Model, data and engines' memory of a case; the caller adds what it measured. */
json_t *zg_manifest_case(const struct zg_bench *bench, int64_t index, uint64_t fingerprint,
                         int64_t n_contenders);

/* Each engine as it ran in a case: its dtype, the mechanisms in use, and, where it keeps a bank,
 * the redraws of V in it while the clock ran. */
json_t *zg_manifest_engines(const struct zg_bench *bench, int64_t n_contenders);

/* Which batches the samples of a case run, and how like all drawn ones they are. */
json_t *zg_manifest_batches(const struct zg_batch_set *set);

#endif
