/* calibrate.h - the columns that int8 would spoil. */
#ifndef ZG_RUNTIME_CALIBRATE_H
#define ZG_RUNTIME_CALIBRATE_H

#include "engines/runtime/state.h"

/* int8 panels: finds their outlier columns and keeps them in bf16.  The last thing of open(). */
enum zg_status zg_calibrate_run(struct zg_engine_state *s, struct zg_error *err);

#endif
