/* mechanisms.h - which combinations of the runtime's mechanisms make sense. */
#ifndef ZG_RUNTIME_MECHANISMS_H
#define ZG_RUNTIME_MECHANISMS_H

#include "engines/zo.h"

/* ZG_USAGE names the mechanism that one of these needs and lacks (zg_mechanism_needs()). */
enum zg_status zg_mechanisms_check(uint32_t mechanisms, struct zg_error *err);

#endif
