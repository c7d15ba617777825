/* estimate.h - how long a case will take, told before anything of it is opened. */
#ifndef ZG_HARNESS_ESTIMATE_H
#define ZG_HARNESS_ESTIMATE_H

#include "harness/run/session.h"

/* Seconds of case `index`, for a reader who must choose between minutes and days: arithmetic on the
 * shape, the ISA and the policy, within a factor of two or so on a quiet machine.  A model
 * directory counts as OPT-125M. */
double zg_estimate_s(const struct zg_session *session, int64_t index);

#endif
