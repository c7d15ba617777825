/*
 * null_engine.h - an engine with scripted losses and times, to test the harness itself (after fio's
 * null engine).
 *
 * It computes nothing: the loss under a probe is loss + slope * coefficient, a score() burns
 * step_us microseconds of wall time, and any call can be made to fail.  Settings, all optional:
 *
 *     loss=2.0  slope=1.0       the clean loss and its projected gradient
 *     low_slope=0               added to the slope where a dtype is below fp32
 *     step_us=0                 wall time of each score()
 *     jitter_us=0               plus a pseudo-random time below this, from `seed`
 *     seed=1
 *     drift_us=0                plus this, times the number of the step
 *     warm_us=0                 plus this in the first score() only
 *     fail=open|begin|score|apply|read    that call returns ZG_ENV
 *     nan=0                     1: losses are NaN
 *     weight=0.5                what read() gives for every element
 *
 * The burning is its phase `head`, of 2e6 FLOPs a step; all else is `other`.
 *
 * It declares every dtype and every mechanism; none changes anything.
 */
#ifndef ZG_TESTS_NULL_ENGINE_H
#define ZG_TESTS_NULL_ENGINE_H

#include "engines/zo.h"

extern const struct zg_engine zg_engine_null;

#endif
