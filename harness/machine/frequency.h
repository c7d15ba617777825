/*
 * frequency.h - what decides how fast the cores run: governor, limits, turbo, heat.  From /sys, all
 * cpus of the machine looked at.
 */
#ifndef ZG_HARNESS_FREQUENCY_H
#define ZG_HARNESS_FREQUENCY_H

#include <jansson.h>

/* {"governor": one for all cpus, or "a and b", "driver", "energy_preference", "max_mhz": of the
 * fastest cpu, "slowest_max_mhz": of the slowest, "limit_mhz": the lowest limit that lies below its
 * cpu's maximum, "turbo"}; null where not readable or, limit_mhz, there is none.  A new
 * reference. */
json_t *zg_frequency_json(void);

/* How often cpus slowed down for heat since the machine started, added up; NaN where not
 * readable. */
double zg_frequency_overheated(void);

#endif
