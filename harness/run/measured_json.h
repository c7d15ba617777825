/*
 * measured_json.h - the measuring modules' records as JSON objects for meta.json.  Each is a new
 * reference, NULL only where there is no memory; NaN becomes null.
 */
#ifndef ZG_HARNESS_MEASURED_JSON_H
#define ZG_HARNESS_MEASURED_JSON_H

#include <jansson.h>

#include "harness/machine/pin.h"
#include "harness/peak/peak.h"
#include "harness/timing/counters.h"
#include "harness/timing/sampler.h"

/* {"method", "reason", "n_threads", "workers": [{"thread", "cpu_asked", "cpu_read", "core",
 * "package", "numa_node", "denormals_flushed"}]} */
json_t *zg_pin_json(const struct zg_pin *pin);
/* {"multiplexed": any is, "start_stop_s", "slowdown": of counters.h, "events": [{"name", "column":
 * null where left out, "counting", "multiplexed", "reason", "count_of_nothing"}]} */
json_t *zg_counters_json(const struct zg_counters *counters);
/* The fields of struct zg_sampler_report under their names; "subjects" by the names given to
 * open. */
json_t *zg_sampler_json(const struct zg_sampler *sampler);
/* The fields of struct zg_peak under their names. */
json_t *zg_peak_json(const struct zg_peak *peak);

#endif
