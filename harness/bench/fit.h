/*
 * fit.h - does a case fit the engines, the machine and its memory?  Asked before anything long
 * begins.
 */
#ifndef ZG_HARNESS_FIT_H
#define ZG_HARNESS_FIT_H

#include "engines/model.h"
#include "harness/request/entry.h"

/* Opens and closes the engine on a model of one small layer, on one thread: whether this machine
 * and build have what the options ask for.  The engine's own status. */
enum zg_status zg_fit_try(const struct zg_engine *engine, const struct zg_engine_options *options,
                          struct zg_error *err);

/* Does the case match its entries [n]: dtype, scope, kind of direction?  Checked before anything is
 * opened. */
enum zg_status zg_fit_case(const struct zg_case *c, const struct zg_entry *entries, int64_t n,
                           struct zg_error *err);

/* What the weights take at least in an engine, of the resident layers: the linear layers' in these
 * dtypes, a copy for each of two; embedding and head in the first where the engine says so; all
 * others in fp32. */
double zg_fit_weight_bytes(const struct zg_model *model, const struct zg_engine *engine,
                           enum zg_dtype dtype, enum zg_dtype dtype_d);

/* Tokens of a pass (passes.h): --max-rows, or as many as the activations of `max_probes` probes may
 * have in a quarter of the memory that is free beside two copies of the weights, rounded down to a
 * power of two so that it is the same from run to run: 4096 to 2^20. */
int64_t zg_fit_max_rows(const struct zg_case *c, const struct zg_model *model, int64_t max_probes);

/* ZG_ENV where the weights of entries [n], open at the same time, cannot fit into the memory that
 * is free: better said before the work than ended by the kernel in the middle of it. */
enum zg_status zg_fit_memory(const struct zg_case *c, const struct zg_model *model,
                             const struct zg_entry *entries, int64_t n, struct zg_error *err);

#endif
