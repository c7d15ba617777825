/*
 * usage.h - faults and context switches of the process so far (getrusage): always there.
 */
#ifndef ZG_HARNESS_USAGE_H
#define ZG_HARNESS_USAGE_H

#include <stdint.h>

#include "engines/api.h"

ZG_PUBLIC_BEGIN

struct zg_usage {
    int64_t minor_faults;
    int64_t major_faults;
    int64_t voluntary_switches;
    int64_t involuntary_switches;
};
void zg_usage_read(struct zg_usage *out);

/* How long threads of the process, of those that live, waited for a cpu while they could have run:
 * other work was there.  NaN where the system does not tell. */
double zg_usage_waited_s(void);

ZG_PUBLIC_END

#endif
